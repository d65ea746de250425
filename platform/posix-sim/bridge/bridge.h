/* vnotch-sim bridge: joins a device on a serial line (docs/serial.md) with an MQTT broker. */
#ifndef VN_BRIDGE_H
#define VN_BRIDGE_H

/* Runs until SIGTERM or SIGINT; the arguments behind the command's name. Returns the exit code. */
int vn_bridge(int argc, char **argv);

#endif
