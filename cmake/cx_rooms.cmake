# cx_rooms.cmake - how a room, a stage and a test become targets. A room sees base/ and what it names, nothing else.
find_package(PkgConfig REQUIRED)

add_compile_options(
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  -Wall -Wextra -Wshadow -Wformat=2 -Wimplicit-fallthrough -Wno-missing-field-initializers $<$<C_COMPILER_ID:GNU>:-Werror>
  -fno-strict-aliasing -fstack-protector-strong)

add_library(cx_flags INTERFACE)
target_include_directories(cx_flags INTERFACE ${CMAKE_SOURCE_DIR}/pipeline ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
option(CX_FAILPOINTS "Compile faults on purpose in (tests only)" OFF)
target_compile_definitions(cx_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE> $<$<BOOL:${CX_FAILPOINTS}>:CX_FAILPOINTS>)
target_compile_options(cx_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:-include${CMAKE_SOURCE_DIR}/pipeline/base/banned.h>)

# cx_vendor(name pkg) - an imported pkg-config package, linked PRIVATE by the one room that may.
function(cx_vendor name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
endfunction()

# cx_room(name [DEPS rooms...] [PRIVATE vendor targets...] [SOURCES extra files...])
function(cx_room name)
  cmake_parse_arguments(ROOM "" "" "DEPS;PRIVATE;SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.c ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  list(APPEND sources ${ROOM_SOURCES})
  if(NOT sources)
    add_library(cx_${name} INTERFACE)
    target_link_libraries(cx_${name} INTERFACE cx_flags)
    foreach(dep ${ROOM_DEPS})
      target_link_libraries(cx_${name} INTERFACE cx_${dep})
    endforeach()
    return()
  endif()
  add_library(cx_${name} STATIC ${sources})
  target_link_libraries(cx_${name} PUBLIC cx_flags)
  foreach(dep ${ROOM_DEPS})
    target_link_libraries(cx_${name} PUBLIC cx_${dep})
  endforeach()
  target_link_libraries(cx_${name} PRIVATE ${ROOM_PRIVATE})
endfunction()

# cx_stage(name) - a folder of stages/; one exported symbol, <name>_stage.
function(cx_stage name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/stages/${name}/*.c ${CMAKE_SOURCE_DIR}/stages/${name}/*.cc)
  add_library(cx_stage_${name} STATIC ${sources})
  target_include_directories(cx_stage_${name} PUBLIC ${CMAKE_SOURCE_DIR}/stages)
  target_link_libraries(cx_stage_${name} PUBLIC cx_stage ${ARGN})
  set_property(GLOBAL APPEND PROPERTY CX_STAGES ${name})
endfunction()

# cx_unit_test(file libs...) - a Criterion program tests/unit/.../<file>.c, labelled unit.
function(cx_unit_test file)
  get_filename_component(name ${file} NAME_WE)
  add_executable(${name} ${file})
  target_link_libraries(${name} PRIVATE ${ARGN} PkgConfig::criterion)
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit)
endfunction()
