# sp_precompile(<target> <headers>...): the target's standard headers are read once for all its users. Only for sanitized
# builds. Measured with g++ 12 in CPU seconds, with and without: model/config 4.2 and 4.6, proto/s2s 2.2 and 3.1, services/im
# 6.6 and 6.7, admin/api 4.2 and 5.9, services/link 6.2 and 6.3, unit_model 6.5 and 7.7, one group of files each: an eighth
# less, for 11.5 seconds once. With these headers, and with files that are compiled as one (sp_together), a missing include
# is not noticed: only `./dev tidy` reads each file by itself.
# ccache takes the checksum beside the compiled header for its content, which differs from folder to folder.
function(sp_precompile target)
  add_library(${target} OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
  target_precompile_headers(${target} PRIVATE ${ARGN})
  string(SHA256 sum "${CMAKE_CXX_COMPILER_VERSION} ${Boost_VERSION} ${GTest_VERSION} ${CMAKE_CXX_FLAGS} ${ARGN}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.gch.sum ${sum})
endfunction()

# sp_together(<variable> <name> <folder> <sources>...): files of one target that are compiled as one, SALLYPORT_TOGETHER at a
# time: what they share is read and its templates are made once, which is most of the time that a build takes. The files
# made name their parts relative to `folder`, so that ccache knows them again in another clone.
function(sp_together variable name folder)
  set(made)
  list(LENGTH ARGN left)
  if(left LESS 2 OR SALLYPORT_TOGETHER LESS 2)
    set(${variable} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  # Groups of the same size, so that no core is left with a long one.
  math(EXPR groups "(${left} + ${SALLYPORT_TOGETHER} - 1) / ${SALLYPORT_TOGETHER}")
  math(EXPR size "(${left} + ${groups} - 1) / ${groups}")
  math(EXPR last "${left} - 1")
  foreach(begin RANGE 0 ${last} ${size})
    list(SUBLIST ARGN ${begin} ${size} parts)
    set(text)
    foreach(part ${parts})
      file(RELATIVE_PATH path ${folder} ${part})
      string(APPEND text "#include \"${path}\"\n")
    endforeach()
    list(LENGTH made number)
    set(unit ${PROJECT_BINARY_DIR}/together/${name}_${number}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "${text}" @ONLY)
    list(APPEND made ${unit})
  endforeach()
  # A local name may be that of something in another file, and a type in one file's anonymous namespace is used in that
  # file. clang knows neither warning by itself.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set_source_files_properties(${made} PROPERTIES COMPILE_OPTIONS "-Wno-shadow;-Wshadow=local;-Wno-subobject-linkage")
  else()
    set_source_files_properties(${made} PROPERTIES COMPILE_OPTIONS "-Wno-shadow")
  endif()
  set(${variable} ${made} PARENT_SCOPE)
endfunction()

# sp_module(<path below src> [DEPENDS <module>...] [LIBRARIES <target>...])
# One static library a folder; every .cpp in the folder is in the build. The name is the path with _ for /.
function(sp_module path)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${path}/*.cpp)
  if(sources)
    sp_together(units sp_${name} ${PROJECT_SOURCE_DIR}/src ${sources})
    add_library(sp_${name} STATIC ${units})
    set(scope PUBLIC)
  else()
    add_library(sp_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(sp_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  foreach(dependency ${arg_DEPENDS})
    string(REPLACE "/" "_" dependency ${dependency})
    target_link_libraries(sp_${name} ${scope} sp_${dependency})
  endforeach()
  target_link_libraries(sp_${name} ${scope} ${arg_LIBRARIES})
  if(SALLYPORT_PRECOMPILE AND sources)
    target_precompile_headers(sp_${name} REUSE_FROM sp_precompiled)
  endif()
endfunction()

# sp_test(<name> <glob below tests> DEPENDS <module>... [TIMEOUT seconds]): one GoogleTest binary, a ctest a case
# (label "cases"); tests/support/run_cases runs many of them in one process.
function(sp_test name pattern)
  cmake_parse_arguments(arg "" "TIMEOUT" "DEPENDS;LIBRARIES" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${pattern})
  if(NOT sources)
    return()
  endif()
  sp_together(units ${name} ${PROJECT_SOURCE_DIR}/tests ${sources})
  add_executable(${name} ${units})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  foreach(dependency ${arg_DEPENDS})
    string(REPLACE "/" "_" dependency ${dependency})
    target_link_libraries(${name} PRIVATE sp_${dependency})
  endforeach()
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  if(SALLYPORT_PRECOMPILE)
    target_precompile_headers(${name} REUSE_FROM test_precompiled)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS cases)
  set_property(GLOBAL APPEND_STRING PROPERTY SALLYPORT_TEST_BINARIES "$<TARGET_FILE:${name}>\n")
endfunction()

# The files of web/ become a source of `target`.
function(sp_web_files target)
  find_program(SALLYPORT_GZIP gzip)
  file(GLOB_RECURSE pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/*)
  set(made ${PROJECT_BINARY_DIR}/web/web_table.cpp)
  add_custom_command(OUTPUT ${made}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${PROJECT_SOURCE_DIR}/web -DOUT=${made} -DSCRATCH=${PROJECT_BINARY_DIR}/web
            "-DGZIP=$<$<BOOL:${SALLYPORT_GZIP}>:${SALLYPORT_GZIP}>" -P ${PROJECT_SOURCE_DIR}/cmake/embed_web.cmake
    DEPENDS ${pages} ${PROJECT_SOURCE_DIR}/cmake/embed_web.cmake
    COMMENT "Embedding web/")
  target_sources(${target} PRIVATE ${made})
endfunction()
