foreach(noun yaml node overlay print options)
  cx_unit_test(${CMAKE_CURRENT_LIST_DIR}/config_${noun}_test.c cx_config cx_base)
endforeach()
