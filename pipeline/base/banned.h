/* banned.h - calls that do not compile here. Forced into every file of ours with -include. */
#ifndef CX_BASE_BANNED_H
#define CX_BASE_BANNED_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define strcpy    sorry_strcpy_is_banned_use_struct_cx_str
#define strcat    sorry_strcat_is_banned_use_cx_buf
#define sprintf   sorry_sprintf_is_banned_use_snprintf
#define vsprintf  sorry_vsprintf_is_banned_use_vsnprintf
#define strtok    sorry_strtok_is_banned_use_cx_str_cut
#define atoi      sorry_atoi_is_banned_use_cx_str_to_i64
#define atol      sorry_atol_is_banned_use_cx_str_to_i64
#define atof      sorry_atof_is_banned_use_cx_str_to_f64
#define gmtime    sorry_gmtime_is_banned_use_cx_time_format
#define localtime sorry_localtime_is_banned_use_cx_time_format
#endif
