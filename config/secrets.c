#define _GNU_SOURCE /* realpath */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader_priv.h"

/* The folder that a path lies in, as typed. */
static void folder_of(const char *path, char folder[PATH_MAX]) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - path);
  if (slash == NULL || length >= PATH_MAX) {
    memcpy(folder, ".", 2);
    return;
  }
  memcpy(folder, length == 0 ? "/" : path, length == 0 ? 1 : length);
  folder[length == 0 ? 1 : length] = '\0';
}

/* A link within its own folder is how mounted secrets are rotated; one that leaves it is refused.
 */
static bool link_leaves_folder(const char *path, const char *folder) {
  struct stat status;
  if (lstat(path, &status) != 0 || !S_ISLNK(status.st_mode)) {
    return false;
  }
  char real[PATH_MAX], real_folder[PATH_MAX];
  if (realpath(path, real) == NULL || realpath(folder, real_folder) == NULL) {
    return true;
  }
  size_t length = strlen(real_folder);
  return strncmp(real, real_folder, length) != 0 || (length > 1 && real[length] != '/');
}

const char *vn__file_untrusted(const char *path) {
  char folder[PATH_MAX];
  folder_of(path, folder);
  struct stat file, around;
  if (stat(path, &file) != 0 || stat(folder, &around) != 0) {
    return NULL;
  }
  if (link_leaves_folder(path, folder)) {
    return "is a symbolic link to another folder: name the file itself";
  }
  if (!S_ISREG(file.st_mode)) {
    return "is no regular file";
  }
  if ((file.st_mode & S_IWOTH) != 0) {
    return "is writable by everybody: chmod o-w it";
  }
  /* Who owns the folder could replace the file anyway. */
  bool known = file.st_uid == 0 || file.st_uid == geteuid() || file.st_uid == around.st_uid;
  return known ? NULL : "belongs to another user: chown it to root or to the user of vnotch";
}

void vn__secret_check(vn__loader_t *loader, vn__mark_t mark, const char *key, const char *path) {
  struct stat status;
  if (path[0] == '\0' || stat(path, &status) != 0) {
    return; /* a check on another machine; the daemon says so when it needs the file */
  }
  const char *shown = vn__quote(loader, vn__text(path));
  const char *untrusted = vn__file_untrusted(path);
  if (untrusted != NULL) {
    vn__error(loader, mark, "`%s`: %s %s", key, shown, untrusted);
  } else if ((status.st_mode & S_IROTH) != 0) {
    vn__error(loader, mark, "`%s`: %s is readable by everybody: chmod 0600 it", key, shown);
  }
}
