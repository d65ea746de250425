/* The commands of vnotch. argv[0] is the command's own name; the result is the exit status. */
#ifndef VN_COMMANDS_H
#define VN_COMMANDS_H

#define VN_STATUS_OK 0
#define VN_STATUS_USAGE 64
#define VN_STATUS_DATA 65
#define VN_STATUS_UNAVAILABLE 69
#define VN_STATUS_IO 74
#define VN_STATUS_CONFIGURATION 78

int vn_cmd_check(int argc, char **argv);
int vn_cmd_budget(int argc, char **argv);
int vn_cmd_compile(int argc, char **argv);
int vn_cmd_decode(int argc, char **argv);
int vn_cmd_savepoint(int argc, char **argv);
int vn_cmd_watch(int argc, char **argv);
int vn_cmd_document_configuration(int argc, char **argv);

#endif
