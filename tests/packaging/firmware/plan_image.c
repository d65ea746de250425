/*
 * What a compiled plan does, on a host or in an image: the same readings through an engine with the
 * tables and through one with the blob. Prints a sum of all that was sent, once for each.
 */
#include "blob.h" /* made by the test: static const unsigned char blob[] */
#include "plan.h" /* made by vnotch compile */

enum { ROUNDS = 600, PENDING_MAX = 64, TEXT_BYTES = 16 };
enum { EXIT_PLAN = 1, EXIT_LOAD, EXIT_HASH, EXIT_DAMAGE, EXIT_START, EXIT_STEP };

/* The board's, or the host's. */
void semihosting_print(const char *text);

int main(void);

VN_STORE_DEFINE(plan);
static vn_engine_t engine;
static vn_plan_t live;
static _Alignas(VN_PLAN_ALIGNMENT) uint8_t memory[16384];
static uint8_t damaged[sizeof blob];

/* What the engine talks to. */
typedef struct world {
  int64_t mono_ms;
  uint64_t pending[PENDING_MAX];
  uint32_t pending_count, sum, messages;
} world_t;

static int64_t mono_ms(void *context) { return ((const world_t *)context)->mono_ms; }

static bool wall_ms(void *context, vn_time_ms_t *out) {
  *out = 1700000000000 + mono_ms(context);
  return true;
}

static vn_err_t take(void *context, const vn_message_t *message) {
  world_t *world = context;
  if (world->pending_count == PENDING_MAX) {
    return VN_AGAIN;
  }
  world->sum = vn_crc32c(world->sum, message->topic, message->topic_length);
  world->sum = vn_crc32c(world->sum, message->payload, message->payload_length);
  world->pending[world->pending_count++] = message->index;
  world->messages++;
  return VN_OK;
}

/* A reading for a series of the pipeline: letters in place of wildcards. */
static void feed(const vn_pipeline_t *pipeline, const world_t *world, uint32_t noise) {
  char name[UINT8_MAX];
  vn_text_t text = {name, pipeline->match.length};
  uint32_t series;
  for (size_t i = 0; i < text.length; i++) {
    char byte = pipeline->match.bytes[i];
    name[i] = byte == '*' || byte == '?' ? (char)('a' + noise / 256u % 3u) : byte;
  }
  if (vn_series_open(&engine, text, &series) == VN_REASON_NONE) {
    vn_reading_t reading = {
        .number = vn_number_from_integer((int64_t)(noise / 512u % 110u)),
        .time_ms = 1700000000000 + world->mono_ms - (int64_t)(noise / 4096u % 3000u),
        .has_time = true};
    (void)vn_take_reading(&engine, series, &reading);
  }
}

static int live_with(const vn_plan_t *chosen, world_t *world) {
  const vn_clock_t clock = {world, mono_ms, wall_ms};
  const vn_uplink_t uplink = {world, take};
  const vn_ports_t ports = {.clock = &clock, .uplink = &uplink};
  uint32_t noise = 1, sleep_ms;
  live = *chosen;
  live.durability = VN_DURABILITY_VOLATILE; /* there is no flash here */
  if (vn_init(&engine, &live, &plan, &ports) != VN_OK || vn_restore(&engine) != VN_OK) {
    return EXIT_START;
  }
  for (uint32_t round = 0; round < ROUNDS; round++) {
    noise = noise * 1664525u + 1013904223u;
    world->mono_ms += noise >> 22;
    feed(&live.pipelines[round % live.pipeline_count], world, noise);
    if (vn_step(&engine, 8, &sleep_ms) != VN_OK) {
      return EXIT_STEP;
    }
    for (uint32_t i = 0; i < world->pending_count; i++) {
      vn_sent(&engine, world->pending[i], true);
    }
    world->pending_count = 0;
  }
  return 0;
}

static void print_sum(const char *what, const world_t *world) {
  static const char digits[] = "0123456789abcdef";
  char text[TEXT_BYTES] = "        \n";
  for (unsigned i = 0; i < 8; i++) {
    text[i] = digits[world->sum >> (28u - 4u * i) & 15u];
  }
  semihosting_print(what);
  semihosting_print(text);
}

/* A blob with any one of these bits turned is refused. */
static bool refuses_damage(void) {
  const vn_plan_t *loaded;
  for (size_t i = 0; i < sizeof blob; i++) {
    for (size_t k = 0; k < sizeof blob; k++) {
      damaged[k] = (uint8_t)(blob[k] ^ (k == i ? 1u << i % 8u : 0));
    }
    if (vn_plan_load(damaged, sizeof damaged, memory, sizeof memory, &loaded) == VN_OK) {
      return false;
    }
  }
  return true;
}

int main(void) {
  static world_t tables, loads;
  const vn_plan_t *loaded = NULL;
  vn_plan_problem_t problem;
  if (vn_plan_check(&plan_plan, &problem) != VN_OK) {
    return EXIT_PLAN;
  }
  int code = live_with(&plan_plan, &tables);
  if (code != 0) {
    return code;
  }
  print_sum("tables ", &tables);
  if (!refuses_damage()) {
    return EXIT_DAMAGE;
  }
  if (vn_plan_load(blob, sizeof blob, memory, sizeof memory, &loaded) != VN_OK) {
    return EXIT_LOAD;
  }
  if (vn_plan_hash(loaded) != vn_plan_hash(&plan_plan)) {
    return EXIT_HASH;
  }
  code = live_with(loaded, &loads);
  print_sum("blob ", &loads);
  return code;
}
