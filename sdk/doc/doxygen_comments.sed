# Shows Doxygen the comments of the headers as its own: sed -E -f doxygen_comments.sed HEADER
#
# The first comment of a header is about the file, one above a declaration about what follows, one behind a member
# about that member. Comments in function bodies, which are indented further than a member, stay as they are.
# An escape of JSON is no command of Doxygen.
\,^ *//,s,\\u,\\\\u,g
1s,^/\*,/** @file\n *,
1s,^//,/// @file\n///,
2,/^#/s,^//,///,
1!s,^( {0\,4})/\*,\1/**,
s,^( {0\,4})// ,\1/// ,
/^( *\*|#| *\/)/!{
  s,([;{\,0-9A-Za-z)] +)/\* (.*\*/) *$,\1/**< \2,
  s,([;{\,0-9A-Za-z)] +)// ,\1///< ,
}
