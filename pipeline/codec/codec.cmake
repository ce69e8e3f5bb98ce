find_package(Python3 REQUIRED COMPONENTS Interpreter)

# codec/records.h and records.c: structs and functions of every record type, made from the schemas.
set(CX_GENERATED ${CMAKE_BINARY_DIR}/generated/codec)
file(GLOB avsc2c CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/dev/avsc*.py)
file(GLOB schemas CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/schemas/*.avsc)
add_custom_command(
  OUTPUT ${CX_GENERATED}/records.h ${CX_GENERATED}/records.c
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/dev/avsc2c.py ${CMAKE_SOURCE_DIR}/schemas ${CX_GENERATED}
  DEPENDS ${avsc2c} ${schemas} ${CMAKE_SOURCE_DIR}/schemas/ids.def
  COMMENT "Writing codec/records.h and records.c" VERBATIM)

cx_room(codec DEPS base SOURCES ${CX_GENERATED}/records.c ${CX_GENERATED}/records.h PRIVATE PkgConfig::jansson PkgConfig::zstd)
