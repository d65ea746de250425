/* A clock and a line for the example of docs/nano.md, and a plan that isn't one for nano. */
#include <stdio.h>

#include "node.h"
#include "vn/nano.h"

vn_err_t node_begin(const vn_nano_ports_t *ports);
void node_reading(uint8_t sensor, vn_time_ms_t time_ms, int32_t tenths);
uint32_t node_step(void);

static const vn_time_ms_t now_ms = INT64_C(1795219200000);

static int64_t mono_ms(void *context) {
  (void)context;
  return 0;
}

static bool wall_ms(void *context, vn_time_ms_t *out) {
  (void)context;
  *out = now_ms;
  return true;
}

static vn_err_t send_up(void *context, const vn_message_t *message) {
  (void)context;
  printf("%.*s\n", (int)message->payload_length, (const char *)message->payload);
  return VN_OK;
}

static int tell_refusal(void) {
  vn_alert_plan_t alert = node_plan.pipelines->alerts[0];
  vn_pipeline_t pipeline = node_plan.pipelines[0];
  vn_plan_t plan = node_plan;
  vn_plan_problem_t problem;
  alert.rule.condition = VN_ALERT_RATE;
  pipeline.alerts = &alert;
  plan.pipelines = &pipeline;
  vn_err_t error = vn_nano_check(&plan, &problem);
  printf("refused: %s\n", problem.text);
  return error == VN_ERR_PLAN ? 0 : 1;
}

int main(void) {
  static const vn_clock_t clock = {NULL, mono_ms, wall_ms};
  static const vn_uplink_t uplink = {NULL, send_up};
  static const vn_nano_ports_t ports = {&clock, &uplink};
  if (node_begin(&ports) != VN_OK) {
    return 1;
  }
  node_reading(1, now_ms, 900);
  (void)node_step();
  return tell_refusal();
}
