// On ARM a long double has 128 bits and its arithmetic is calls. libc++ brings sorts of long double along, which nothing here
// calls and the linker leaves out; but what they ask for would fetch zig's own library first, and with it forms of memcpy,
// floor and exp that are slower than the C library's.
extern "C" int __lttf2(long double, long double) { __builtin_trap(); }
