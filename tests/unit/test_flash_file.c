/* The flash port on a file: it keeps flash's rules, and files that are not ours are left alone. */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../platform/linux/flash_file.h"

#define SECTOR 4096u
#define UNIT 256u
#define SIZE (8u * SECTOR)

static char folder[64];
static char path[96];

static vn_flash_file_setup_t setup(void) {
  return (vn_flash_file_setup_t){path, SIZE, SECTOR, UNIT};
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/vnotch-flash-file-XXXXXX");
  if (mkdtemp(folder) == NULL) {
    return -1;
  }
  (void)snprintf(path, sizeof path, "%s/state", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  (void)unlink(path);
  return rmdir(folder);
}

static void a_new_file_has_its_size_and_is_nobody_elses(void **state) {
  (void)state;
  vn_flash_file_t file;
  struct stat status;
  vn_flash_file_setup_t wanted = setup();
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_OK);
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_size, SIZE);
  assert_int_equal(status.st_mode & 0777, 0600);
  vn_flash_file_close(&file);
}

static void a_unit_is_programmed_once_per_erase(void **state) {
  (void)state;
  vn_flash_file_t file;
  uint8_t page[UNIT], back[UNIT];
  vn_flash_file_setup_t wanted = setup();
  memset(page, 0x11, sizeof page);
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_OK);
  const vn_flash_t *port = &file.port;
  assert_int_equal(port->prog(port->context, 0, page, UNIT), VN_ERR_FLASH);
  assert_int_equal(port->erase(port->context, 0, SECTOR), VN_OK);
  assert_int_equal(port->read(port->context, 0, back, UNIT), VN_OK);
  assert_true(back[0] != 0x00 && back[0] != 0xFF);
  assert_int_equal(port->prog(port->context, 0, page, UNIT), VN_OK);
  assert_int_equal(port->prog(port->context, 0, page, UNIT), VN_ERR_FLASH);
  assert_int_equal(port->prog(port->context, UNIT, page, UNIT), VN_OK);
  assert_int_equal(port->sync(port->context), VN_OK);
  assert_int_equal(port->read(port->context, 0, back, UNIT), VN_OK);
  assert_memory_equal(page, back, UNIT);
  vn_flash_file_close(&file);
}

static void odd_offsets_and_lengths_are_refused(void **state) {
  (void)state;
  vn_flash_file_t file;
  uint8_t page[2 * UNIT] = {0};
  vn_flash_file_setup_t wanted = setup();
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_OK);
  const vn_flash_t *port = &file.port;
  assert_int_equal(port->erase(port->context, 0, SECTOR), VN_OK);
  assert_int_equal(port->prog(port->context, 1, page, UNIT), VN_ERR_FLASH);
  assert_int_equal(port->prog(port->context, 0, page, UNIT + 1), VN_ERR_FLASH);
  assert_int_equal(port->erase(port->context, UNIT, SECTOR), VN_ERR_FLASH);
  assert_int_equal(port->erase(port->context, SIZE, SECTOR), VN_ERR_FLASH);
  assert_int_equal(port->read(port->context, SIZE - 1, page, 2), VN_ERR_FLASH);
  vn_flash_file_close(&file);
}

static void after_a_restart_nothing_counts_as_erased(void **state) {
  (void)state;
  vn_flash_file_t file;
  uint8_t page[UNIT] = {0};
  vn_flash_file_setup_t wanted = setup();
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_OK);
  assert_int_equal(file.port.erase(file.port.context, 0, SECTOR), VN_OK);
  vn_flash_file_close(&file);
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_OK);
  assert_int_equal(file.port.prog(file.port.context, 0, page, UNIT), VN_ERR_FLASH);
  vn_flash_file_close(&file);
}

static void a_second_process_is_told_that_the_file_is_held(void **state) {
  (void)state;
  vn_flash_file_t file;
  vn_flash_file_setup_t wanted = setup();
  int status = -1;
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_OK);
  pid_t child = fork();
  if (child == 0) {
    vn_flash_file_t second;
    _exit(vn_flash_file_open(&second, &wanted) == VN_FLASH_FILE_BUSY ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  vn_flash_file_close(&file);
}

static void files_of_another_kind_or_size_are_left_alone(void **state) {
  (void)state;
  vn_flash_file_t file;
  vn_flash_file_setup_t wanted = setup();
  FILE *other = fopen(path, "w");
  assert_non_null(other);
  assert_int_equal(fputs("not a state", other) >= 0, 1);
  (void)fclose(other);
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_FOREIGN);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_size, strlen("not a state"));
  assert_int_equal(unlink(path), 0);
  assert_int_equal(symlink("/dev/null", path), 0);
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_FOREIGN);
}

static void a_folder_that_is_not_there_is_an_error_of_the_system(void **state) {
  (void)state;
  vn_flash_file_t file;
  vn_flash_file_setup_t wanted = setup();
  wanted.path = "/nonexistent-folder/state";
  assert_int_equal(vn_flash_file_open(&file, &wanted), VN_FLASH_FILE_IO);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(a_new_file_has_its_size_and_is_nobody_elses),
      CASE(a_unit_is_programmed_once_per_erase),
      CASE(odd_offsets_and_lengths_are_refused),
      CASE(after_a_restart_nothing_counts_as_erased),
      CASE(a_second_process_is_told_that_the_file_is_held),
      CASE(files_of_another_kind_or_size_are_left_alone),
      CASE(a_folder_that_is_not_there_is_an_error_of_the_system),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
