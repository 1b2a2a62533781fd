// open FILE: loads a plugin as Halide does.
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 2 || dlopen(argv[1], RTLD_LAZY) == NULL) {
        fprintf(stderr, "%s\n", argc == 2 ? dlerror() : "usage: open FILE");
        return 1;
    }
    return 0;
}
