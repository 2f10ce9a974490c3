/* Lets the n-th allocation of one library fail, and counts what of it is not yet freed. */
#include <stddef.h>
#include <stdint.h>

extern void *__libc_malloc(size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

/* Before each block: a mark that is no size of a block of glibc. */
#define HEAD 16
#define MARK UINT64_C(0x7472696275746172)

static uintptr_t first, last;
static long countdown, made, alive;

void watch(uintptr_t from, uintptr_t to) { first = from, last = to; }
void fail_at(long number) { countdown = number, made = 0; }
long allocations(void) { return made; }
long living(void) { return alive; }

static int is_marked(void *block) { return block && ((uint64_t *)block)[-1] == MARK; }

static void *get(void *block, size_t size) {
    made++;
    if (countdown > 0 && --countdown == 0) return NULL;
    alive += !block;
    char *whole = __libc_realloc(block ? (char *)block - HEAD : NULL, size + HEAD);
    ((uint64_t *)whole)[1] = MARK;
    return whole + HEAD;
}

static int is_watched(void *caller) { return (uintptr_t)caller >= first && (uintptr_t)caller < last; }

void *malloc(size_t size) {
    return is_watched(__builtin_return_address(0)) ? get(NULL, size) : __libc_malloc(size);
}

void *realloc(void *block, size_t size) {
    return is_watched(__builtin_return_address(0)) ? get(block, size) : __libc_realloc(block, size);
}

void free(void *block) {
    if (!is_marked(block)) return __libc_free(block);
    alive--;
    ((uint64_t *)block)[-1] = 0;
    __libc_free((char *)block - HEAD);
}
