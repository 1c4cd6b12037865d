// Preloaded into one node: reads, and writes with their syncs, of files whose path holds $SLOW_FILES take longer by the two
// numbers of nanoseconds at the start of the file $SLOW_DISK, as they are at that moment.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { reading, writing };

static void wait_for_the_disk(int file, int kind) {
    static volatile const long long *longer;
    const char *files = getenv("SLOW_FILES"), *numbers = getenv("SLOW_DISK");
    if (!files || !numbers) return;
    char name[32], path[1024];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (!strstr(path, files)) return;
    if (!longer) {
        const int opened = open(numbers, O_RDONLY | O_CLOEXEC);
        void *page = opened < 0 ? MAP_FAILED : mmap(0, 2 * sizeof *longer, PROT_READ, MAP_SHARED, opened, 0);
        if (opened >= 0) close(opened);
        if (page == MAP_FAILED) return;
        longer = page;
    }
    const long long now = longer[kind];
    if (now <= 0) return;
    const struct timespec pause = {now / 1000000000, now % 1000000000};
    nanosleep(&pause, 0);
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t read(int file, void *into, size_t size) {
    REAL(read);
    wait_for_the_disk(file, reading);
    return real(file, into, size);
}

ssize_t pread(int file, void *into, size_t size, off_t at) {
    REAL(pread);
    wait_for_the_disk(file, reading);
    return real(file, into, size, at);
}

ssize_t pread64(int file, void *into, size_t size, off64_t at) {
    REAL(pread64);
    wait_for_the_disk(file, reading);
    return real(file, into, size, at);
}

ssize_t write(int file, const void *from, size_t size) {
    REAL(write);
    wait_for_the_disk(file, writing);
    return real(file, from, size);
}

ssize_t pwrite(int file, const void *from, size_t size, off_t at) {
    REAL(pwrite);
    wait_for_the_disk(file, writing);
    return real(file, from, size, at);
}

ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) {
    REAL(pwrite64);
    wait_for_the_disk(file, writing);
    return real(file, from, size, at);
}

int fsync(int file) {
    REAL(fsync);
    wait_for_the_disk(file, writing);
    return real(file);
}

int fdatasync(int file) {
    REAL(fdatasync);
    wait_for_the_disk(file, writing);
    return real(file);
}
