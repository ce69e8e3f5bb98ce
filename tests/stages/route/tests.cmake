foreach(file rule_parser rule_schema rule_lower rule_checker rule_machine rule_property rule_place rule_set)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/${file}_test.c cx_stage_route)
endforeach()
target_compile_definitions(rule_property_test PRIVATE _GNU_SOURCE) # memmem
