# The simulation: the real rooms run and kafka on a librdkafka, a cluster and a clock of its own (sim.h).
if(CMAKE_C_FLAGS_DEBUG MATCHES "-fsanitize")
  return() # processes with stacks and memory of their own are not what a sanitizer expects
endif()
set(CX_SIM ${CMAKE_CURRENT_LIST_DIR})
set(CX_SIM_SEEDS 100000 CACHE STRING "Seeds that ctest runs")
set(sources world cluster coordinator group client client_out client_in input scenario verify memory)
list(TRANSFORM sources PREPEND ${CX_SIM}/)
list(TRANSFORM sources APPEND .c)
add_library(cx_sim OBJECT ${sources})
target_link_libraries(cx_sim PUBLIC cx_run PkgConfig::rdkafka)

# The verbs' file has the arguments that cx run reads; its main() is not ours.
add_library(cx_verbs OBJECT ${CMAKE_SOURCE_DIR}/pipeline/run/main.c)
target_compile_definitions(cx_verbs PRIVATE main=cx_main)
target_compile_options(cx_verbs PRIVATE -Wno-missing-prototypes)
target_link_libraries(cx_verbs PUBLIC cx_run)

# Its objects come before the libraries, so that its functions are the ones that are called.
function(cx_sim_program name)
  add_executable(${name} ${ARGN} $<TARGET_OBJECTS:cx_sim> $<TARGET_OBJECTS:cx_verbs>)
  target_link_libraries(${name} PRIVATE cx_run PkgConfig::rdkafka)
  foreach(symbol malloc calloc realloc free strdup aligned_alloc usleep getrandom cx_assert_failed cx_monotonic_ns cx_wall_ms cx_metric_refresh cx_topics_value)
    target_link_options(${name} PRIVATE LINKER:--wrap=${symbol})
  endforeach()
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()

cx_sim_program(sim ${CX_SIM}/main.c)
add_test(NAME sim COMMAND sim --seeds ${CX_SIM_SEEDS})
set_tests_properties(sim PROPERTIES LABELS sim)
add_test(NAME unit.sim COMMAND sim --seeds 2000)
set_tests_properties(unit.sim PROPERTIES LABELS unit)
add_test(NAME sim.memory COMMAND sim --memory 8000)
set_tests_properties(sim.memory PROPERTIES LABELS sim)

if(CMAKE_C_FLAGS_DEBUG MATCHES "--coverage")
  return() # mistakes are no coverage
endif()

# Builds with a mistake each; the simulation must notice it within the seeds that ctest runs.
execute_process(COMMAND python3 -B ${CX_SIM}/bugs.py list OUTPUT_VARIABLE bugs OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CX_SIM}/bugs.py)
string(REPLACE "\n" ";" bugs "${bugs}")
foreach(bug ${bugs})
  string(REGEX MATCH "^([a-z_]+) (.*)$" found "${bug}")
  set(name ${CMAKE_MATCH_1})
  set(file ${CMAKE_SOURCE_DIR}/${CMAKE_MATCH_2})
  set(mistaken ${CMAKE_BINARY_DIR}/generated/bugs/${name}.c)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated/bugs)
  add_custom_command(OUTPUT ${mistaken} COMMAND python3 -B ${CX_SIM}/bugs.py write ${name} ${mistaken} DEPENDS ${file} ${CX_SIM}/bugs.py VERBATIM)
  set_source_files_properties(${mistaken} PROPERTIES COMPILE_OPTIONS "-Wno-unused;-Wno-unused-function")
  cx_sim_program(sim_${name} ${CX_SIM}/main.c ${mistaken})
  add_test(NAME sim.notices.${name} COMMAND sim_${name} --must-find ${CX_SIM_SEEDS})
  set_tests_properties(sim.notices.${name} PROPERTIES LABELS sim)
endforeach()
