/* An image that must end with the exit code of an exception, not hang. */
int main(void);

int main(void) {
  __builtin_trap();
  return 0;
}
