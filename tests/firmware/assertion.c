/* An image that must end with the exit code of an assertion. */
#include "vn/assert.h"

int main(void);

int main(void) {
  volatile int zero = 0;
  VN_ASSERT(zero != 0);
  return 0;
}
