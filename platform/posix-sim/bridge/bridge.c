/* The bridge's loop and its figures. */
#include "bridge.h"

#include "bridge_priv.h"
#include "clock_linux.h"
#include "log.h"
#include "memory.h"
#include "signals.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { BUSY_WAIT_MS = 20, IDLE_WAIT_MS = 200, STOP_LIMIT_MS = 5000, ANSWER_LIMIT_MS = 1000 };

static void on_log(void *context, const char *line, size_t length) {
  (void)context;
  (void)fprintf(stderr, "vnotch-sim: bridge: %.*s\n", (int)length, line);
}

static void print_refused(const vn__bridge_figures_t *figures) {
  const char *comma = "";
  (void)printf("\"refused\":{");
  for (int code = 0; code < VN__BRIDGE_CODES; code++) {
    if (figures->refused[code] > 0) {
      (void)printf("%s\"%s\":%" PRIu64, comma, vn_err_name((vn_err_t)-code),
                   figures->refused[code]);
      comma = ",";
    }
  }
  (void)printf("}");
}

void vn__bridge_print(const vn__bridge_t *bridge) {
  const vn__bridge_figures_t *figures = &bridge->figures;
  const struct {
    const char *name;
    uint64_t value;
  } members[] = {{"frames_in", figures->frames_in},
                 {"frames_out", figures->frames_out},
                 {"to_device", figures->to_device},
                 {"from_device", figures->from_device},
                 {"sent_again", figures->sent_again},
                 {"dropped", figures->dropped},
                 {"noise_frames", figures->noise_frames},
                 {"noise_bytes", figures->noise_bytes},
                 {"line_opens", figures->line_opens},
                 {"begins", figures->begins},
                 {"broker_connects", vn_mqtt_figures(bridge->mqtt).connects}};
  (void)printf("{");
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    (void)printf("\"%s\":%" PRIu64 ",", members[i].name, members[i].value);
  }
  print_refused(figures);
  (void)printf("}\n");
  (void)fflush(stdout);
}

static void wait_for_work(vn__bridge_t *bridge) {
  int wake_fd = bridge->shared.wake_fd;
  bool writes = bridge->serial.length > 0;
  struct pollfd descriptors[3] = {
      {.fd = wake_fd, .events = POLLIN},
      {.fd = bridge->out_fd, .events = POLLIN},
      {.fd = bridge->serial.fd, .events = (short)(writes ? POLLIN | POLLOUT : POLLIN)}};
  bool busy = bridge->begin_wanted || vn__bridge_waiting(bridge) != NULL;
  (void)poll(descriptors, bridge->serial.fd >= 0 ? 3 : 2, busy ? BUSY_WAIT_MS : IDLE_WAIT_MS);
  uint64_t count = 0;
  ssize_t got = read(wake_fd, &count, sizeof count);
  (void)got;
}

static void turn(vn__bridge_t *bridge) {
  int64_t now_ms = vn_clock_linux_mono_ms();
  vn__bridge_keep_line(bridge, now_ms);
  vn__bridge_listen(bridge, now_ms);
  vn__bridge_collect(bridge);
  if (!bridge->leaving || (bridge->sent && !bridge->stop_sent)) {
    vn__bridge_offer(bridge, now_ms);
  }
  vn_serial_flush(&bridge->serial);
  if (vn_signals_report_wanted()) {
    vn__bridge_print(bridge);
  }
  wait_for_work(bridge);
}

/* What the device has told is brought to the broker; with --stop the device ends as well. */
static void finish(vn__bridge_t *bridge) {
  bool stop = bridge->options->stop_device && bridge->serial.fd >= 0;
  int64_t until_ms = vn_clock_linux_mono_ms() + STOP_LIMIT_MS;
  int64_t answer_ms = vn_clock_linux_mono_ms() + ANSWER_LIMIT_MS;
  bridge->leaving = true;
  while (bridge->sent && bridge->serial.fd >= 0 && vn_clock_linux_mono_ms() < answer_ms) {
    turn(bridge); /* or the broker would send again what the device has */
  }
  if (stop) {
    bridge->stop_sent = true;
    bridge->number++;
    vn__bridge_write(bridge, &(vn_frame_t){.kind = VN_FRAME_STOP, .number = bridge->number});
  }
  while (vn_clock_linux_mono_ms() < until_ms && bridge->serial.fd >= 0 &&
         ((stop && !bridge->stop_answered && !bridge->out_lost) || vn__bridge_flying(bridge) > 0)) {
    turn(bridge);
  }
  if (stop && !bridge->stop_answered && !bridge->out_lost) {
    vn_log(VN_LOG_ERROR, VN_LOG_STOP, "the device doesn't answer the STOP", NULL);
  }
  vn__bridge_collect(bridge);
  vn_serial_flush(&bridge->serial);
}

static bool prepare(vn__bridge_t *bridge, const vn__bridge_options_t *options) {
  struct timespec now;
  bool good = vn_signals_prepare();
  int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  bridge->options = options;
  bridge->line = (vn_line_t){&bridge->serial, vn_serial_put};
  bridge->shared.wake_fd = wake_fd;
  vn_serial_init(&bridge->serial, options->serial, options->baud);
  vn_frame_reader_init(&bridge->reader, bridge->in, sizeof bridge->in);
  vn_frame_writer_init(&bridge->writer, &bridge->line);
  /* Numbers of a bridge that starts again are others than those of before: the device compares. */
  (void)clock_gettime(CLOCK_REALTIME, &now);
  bridge->number = (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
  return good && wake_fd >= 0 && pthread_mutex_init(&bridge->shared.mutex, NULL) == 0 &&
         pthread_cond_init(&bridge->shared.answered, NULL) == 0 && vn__bridge_start_out(bridge) &&
         vn_signals_install(wake_fd);
}

static int run(vn__bridge_t *bridge, const vn__bridge_options_t *options) {
  vn_log_divert(on_log, NULL);
  if (!prepare(bridge, options)) {
    (void)fprintf(stderr, "vnotch-sim: bridge: the system has no memory or descriptor left\n");
    return VN__BRIDGE_UNAVAILABLE;
  }
  int status = vn__bridge_connect(bridge);
  if (status != VN__BRIDGE_OK) {
    vn__bridge_end_out(bridge);
    return status;
  }
  while (!vn_signals_stop_wanted() && !bridge->out_lost) {
    turn(bridge);
  }
  if (bridge->out_lost) {
    (void)fprintf(stderr, "vnotch-sim: bridge: the process that publishes has ended\n");
    status = VN__BRIDGE_UNAVAILABLE;
  }
  finish(bridge);
  vn__bridge_print(bridge);
  vn__bridge_end_out(bridge);
  if (!vn__bridge_disconnect(bridge)) {
    _exit(status); /* a message waits in the library: it must not return, it isn't taken */
  }
  vn_serial_close(&bridge->serial);
  (void)close(bridge->shared.wake_fd);
  return status;
}

int vn_bridge(int argc, char **argv) {
  vn__bridge_options_t options;
  int status = vn__bridge_options(argc, argv, &options);
  vn__bridge_t *bridge = status < 0 ? calloc(1, sizeof *bridge) : NULL;
  if (bridge != NULL) {
    status = run(bridge, &options);
  } else if (status < 0) {
    (void)fprintf(stderr, "vnotch-sim: bridge: the system has no memory left\n");
    status = VN__BRIDGE_UNAVAILABLE;
  }
  free(bridge);
  free(options.filter_bytes);
  vn_configuration_free(options.configuration);
  return status;
}
