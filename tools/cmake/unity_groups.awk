# Puts source files into groups that can be compiled as one: awk -v size=N -f unity_groups.awk FILE...
#
# Prints "<group> <file>" for each. Files of one group do not define the same name in an unnamed namespace; the names
# are what stands before a parenthesis, brace, bracket or sign of equality on lines that are not indented.
function put(file, names, count,    group, i, fits) {
    for (group = 1; group <= groups; ++group) {
        fits = members[group] < size
        for (i = 1; fits && i <= count; ++i) fits = !((group, names[i]) in taken)
        if (fits) break
    }
    if (group > groups) groups = group
    ++members[group]
    for (i = 1; i <= count; ++i) taken[group, names[i]] = 1
    print group, file
}

FNR == 1 {
    if (current != "") put(current, names, count)
    current = FILENAME
    count = 0
    is_inside = 0
}
/^namespace \{/ { is_inside = 1; next }
/^\}/ && /namespace/ { is_inside = 0 }
is_inside && /^[A-Za-z_]/ && !/^using namespace/ && match($0, /[A-Za-z_0-9]+ *(\(|\{|\[|=|;|:[^:]| final)/) {
    name = substr($0, RSTART, RLENGTH)
    sub(/[^A-Za-z_0-9].*/, "", name)
    if (name != "") names[++count] = name
}
END { if (current != "") put(current, names, count) }
