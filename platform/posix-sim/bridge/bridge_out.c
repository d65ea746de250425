/* Messages of the device: each on its way until the process that publishes says what became of it.
 */
#include "bridge_priv.h"
#include "clock_linux.h"
#include "log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEGIN_PAUSE_MS 500
/* Room for a few messages of the longest, in the kernel. */
#define WAY_BYTES (1024 * 1024)

bool vn__bridge_start_out(vn__bridge_t *bridge) {
  int ends[2];
  const int room = WAY_BYTES;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) {
    return false;
  }
  (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  bridge->publisher = fork();
  if (bridge->publisher == 0) {
    (void)close(ends[0]);
    vn__bridge_publisher(bridge->options, ends[1]);
  }
  (void)close(ends[1]);
  bridge->out_fd = ends[0];
  return bridge->publisher > 0;
}

void vn__bridge_end_out(vn__bridge_t *bridge) {
  (void)close(bridge->out_fd);
  while (waitpid(bridge->publisher, NULL, 0) < 0 && errno == EINTR) {
  }
}

/* False: the way is full. */
static bool send_errand(vn__bridge_t *bridge, const vn__errand_t *errand, const void *topic,
                        const void *payload) {
  struct iovec parts[3] = {{(void *)(uintptr_t)errand, sizeof *errand},
                           {(void *)(uintptr_t)topic, errand->topic_length},
                           {(void *)(uintptr_t)payload, errand->length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
  return sendmsg(bridge->out_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

void vn__bridge_tell_status(vn__bridge_t *bridge, bool online) {
  const char *word = online ? "online" : "offline";
  const vn__errand_t errand = {.flight = VN__NO_FLIGHT,
                               .topic_length = 6,
                               .length = (uint32_t)strlen(word),
                               .retained = true};
  bool sent = send_errand(bridge, &errand, "status", word);
  (void)sent; /* while the broker is away its will speaks */
}

/* A place for it; VN__BRIDGE_FLIGHTS: none is free; VN__NO_FLIGHT: it is on its way already. */
static uint64_t take_flight(vn__bridge_t *bridge, uint64_t number) {
  uint64_t found = VN__BRIDGE_FLIGHTS;
  for (uint64_t i = 0; i < VN__BRIDGE_FLIGHTS; i++) {
    const vn__flight_t *flight = &bridge->flights[i];
    if (!flight->used) {
      found = i;
    } else if (flight->number == number && flight->line == bridge->opening) {
      return VN__NO_FLIGHT;
    }
  }
  return found;
}

bool vn__bridge_publish(vn__bridge_t *bridge, const vn_frame_t *frame) {
  uint64_t flight = take_flight(bridge, frame->number);
  if (flight >= VN__BRIDGE_FLIGHTS) {
    return flight == VN__NO_FLIGHT;
  }
  const vn__errand_t errand = {.flight = flight,
                               .topic_length = (uint32_t)frame->topic.length,
                               .length = (uint32_t)frame->payload_length,
                               .absolute = (frame->flags & VN_FRAME_ABSOLUTE) != 0,
                               .retained = (frame->flags & VN_FRAME_RETAINED) != 0};
  if (!send_errand(bridge, &errand, frame->topic.bytes, frame->payload)) {
    return false;
  }
  bridge->flights[flight] =
      (vn__flight_t){.number = frame->number, .line = bridge->opening, .used = true};
  return true;
}

unsigned vn__bridge_flying(const vn__bridge_t *bridge) {
  unsigned count = 0;
  for (size_t i = 0; i < VN__BRIDGE_FLIGHTS; i++) {
    count += bridge->flights[i].used;
  }
  return count;
}

static void land(vn__bridge_t *bridge, const vn__verdict_t *verdict) {
  vn__flight_t *flight = &bridge->flights[verdict->flight];
  flight->used = false;
  if (verdict->kind == VN__VERDICT_NOT_NOW) {
    bridge->begin_wanted = true;
    return;
  }
  if (verdict->kind == VN__VERDICT_NEVER) { /* or it would be what is sent again for ever */
    bridge->figures.dropped++;
    vn_log(VN_LOG_ERROR, VN_LOG_QUEUE,
           "a message of the device has no topic of MQTT, or is too big: it is dropped", NULL);
  } else {
    bridge->figures.from_device++;
  }
  if (flight->line == bridge->opening && bridge->serial.fd >= 0) {
    vn__bridge_write(bridge, &(vn_frame_t){.kind = VN_FRAME_ACKNOWLEDGE, .number = flight->number});
  }
}

static void take_verdict(vn__bridge_t *bridge, const vn__verdict_t *verdict) {
  if (verdict->flight < VN__BRIDGE_FLIGHTS) {
    land(bridge, verdict);
    return;
  }
  bridge->out_up = verdict->kind == VN__VERDICT_UP;
  if (bridge->out_up) {
    bridge->begin_wanted = true;
    vn__bridge_tell_status(bridge, bridge->serial.fd >= 0);
  }
}

static void begin(vn__bridge_t *bridge, int64_t now_ms) {
  bool due = bridge->begin_wanted && bridge->serial.fd >= 0 && now_ms >= bridge->begin_at_ms;
  if (due && bridge->out_up) {
    vn__bridge_write(bridge, &(vn_frame_t){.kind = VN_FRAME_BEGIN});
    bridge->figures.begins++;
    bridge->begin_wanted = false;
    bridge->begin_at_ms = now_ms + BEGIN_PAUSE_MS;
  }
}

void vn__bridge_collect(vn__bridge_t *bridge) {
  vn__verdict_t verdict;
  ssize_t got = 0;
  while ((got = recv(bridge->out_fd, &verdict, sizeof verdict, MSG_DONTWAIT)) ==
         (ssize_t)sizeof verdict) {
    take_verdict(bridge, &verdict);
  }
  bridge->out_lost = bridge->out_lost || got == 0;
  begin(bridge, vn_clock_linux_mono_ms());
}
