#include "serial_end.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static bool speed_of(uint32_t baud, speed_t *out) {
  static const struct {
    uint32_t baud;
    speed_t speed;
  } speeds[] = {{9600, B9600}, {19200, B19200}, {38400, B38400}};
  for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
    if (speeds[i].baud == baud) {
      *out = speeds[i].speed;
      return true;
    }
  }
#if defined(B57600) && defined(B115200) && defined(B230400) /* beyond POSIX */
  *out = baud == 57600 ? B57600 : baud == 115200 ? B115200 : B230400;
  return baud == 57600 || baud == 115200 || baud == 230400;
#else
  return false;
#endif
}

bool vn_serial_has_baud(uint32_t baud) {
  speed_t speed = B0;
  return speed_of(baud, &speed);
}

void vn_serial_init(vn_serial_end_t *end, const char *path, uint32_t baud) {
  end->path = path;
  end->baud = baud;
  end->fd = -1;
  end->length = 0;
  end->broken = false;
}

static bool connect_socket(vn_serial_end_t *end) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(end->path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(address.sun_path, end->path, strlen(end->path));
  end->fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return end->fd >= 0 &&
         connect(end->fd, (const struct sockaddr *)&address, (socklen_t)sizeof address) == 0;
}

/* No echo, no signals, no translation: bytes. */
static bool make_raw(int fd, uint32_t baud) {
  struct termios settings;
  speed_t speed = B0;
  if (tcgetattr(fd, &settings) != 0 || !speed_of(baud, &speed)) {
    return false;
  }
  settings.c_iflag &=
      ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF);
  settings.c_oflag &= ~(tcflag_t)OPOST;
  settings.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  settings.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB);
  settings.c_cflag |= CS8 | CLOCAL | CREAD;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  return cfsetispeed(&settings, speed) == 0 && cfsetospeed(&settings, speed) == 0 &&
         tcsetattr(fd, TCSANOW, &settings) == 0;
}

static bool open_terminal(vn_serial_end_t *end) {
  end->fd = open(end->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  return end->fd >= 0 && make_raw(end->fd, end->baud);
}

/* Later writes and reads never wait; children don't get it. */
static bool make_ours(int fd) {
  return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

const char *vn_serial_open(vn_serial_end_t *end) {
  struct stat status;
  vn_serial_close(end);
  if (stat(end->path, &status) != 0) {
    return strerror(errno);
  }
  if (!S_ISSOCK(status.st_mode) && !S_ISCHR(status.st_mode)) {
    return "it is neither a terminal nor a unix socket";
  }
  bool opened = S_ISSOCK(status.st_mode) ? connect_socket(end) : open_terminal(end);
  if (opened && make_ours(end->fd)) {
    return NULL;
  }
  const char *why = strerror(errno);
  vn_serial_close(end);
  return why;
}

void vn_serial_close(vn_serial_end_t *end) {
  if (end->fd >= 0) {
    (void)close(end->fd);
  }
  end->fd = -1;
  end->length = 0;
  end->broken = false;
}

void vn_serial_put(void *context, const uint8_t *bytes, size_t length) {
  vn_serial_end_t *end = context;
  if (length > sizeof end->out - end->length) {
    end->broken = true; /* whoever reads nothing for so long isn't there */
    return;
  }
  memcpy(end->out + end->length, bytes, length);
  end->length += length;
}

static bool would_wait(void) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

void vn_serial_flush(vn_serial_end_t *end) {
  if (end->fd < 0 || end->length == 0) {
    return;
  }
  ssize_t written = write(end->fd, end->out, end->length);
  if (written > 0) {
    end->length -= (size_t)written;
    memmove(end->out, end->out + written, end->length);
  } else if (written < 0 && !would_wait()) {
    end->broken = true;
  }
}

size_t vn_serial_read(vn_serial_end_t *end, uint8_t *bytes, size_t capacity) {
  if (end->fd < 0) {
    return 0;
  }
  ssize_t got = read(end->fd, bytes, capacity);
  if (got > 0) {
    return (size_t)got;
  }
  end->broken = end->broken || got == 0 || !would_wait();
  return 0;
}
