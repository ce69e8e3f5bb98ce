foreach(file normalize normalize_property adapter mail mail_text html phone)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/${file}_test.c cx_stage_normalize)
  target_compile_definitions(${file}_test PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}" _GNU_SOURCE)
endforeach()
