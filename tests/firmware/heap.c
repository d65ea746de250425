/* An image that must not link: it takes memory from a heap. */
#include <stddef.h>

void *malloc(size_t bytes);
int main(void);

int main(void) { return malloc(16) == NULL; }
