// What keeps a shared object in memory: a symbol that is unique in the process, and a destructor for each thread.
namespace clinging {

struct Closing {
    ~Closing() { ++count; }
    int count = 0;
};
inline int life = 1;
thread_local Closing closing;

__attribute__((visibility("default"))) int use() { return closing.count + life++; }

}  // namespace clinging
