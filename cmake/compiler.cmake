# Warnings, sanitizers and hardening, for every target of the project.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wsuggest-override -Werror)
add_compile_definitions(_GNU_SOURCE)

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  # Compiling takes longer than testing; not so where every access is a call that is seen to be needless.
  add_compile_options($<IF:$<BOOL:${SALLYPORT_TSAN}>,-O1,-O0> -g1 -fno-omit-frame-pointer)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()
if(SALLYPORT_PRECOMPILE)
  add_compile_options(-fpch-preprocess)  # ccache asks for it
  # What Boost::json says to those who link it, said to all: a header is precompiled under one set of definitions.
  add_compile_definitions(BOOST_CONTAINER_DYN_LINK BOOST_CONTAINER_NO_LIB BOOST_JSON_DYN_LINK BOOST_JSON_NO_LIB)
endif()
if(SALLYPORT_SANITIZE)
  # What is left out doubles the time to compile and finds little that ASan does not; the fuzz preset checks it too.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,alignment,vptr,object-size)
  add_compile_options(-fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
if(SALLYPORT_TSAN)
  # Asio fences with atomic_thread_fence, which the sanitizer does not understand; locks order what we share.
  # Its code also confuses the compiler's warnings, which are those of the other presets.
  add_compile_options(-fsanitize=thread -w)
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  add_link_options(-fsanitize=thread)
endif()
if(SALLYPORT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  add_compile_options(-include ${PROJECT_SOURCE_DIR}/tests/fuzz/source_location.h)
  add_link_options(-fsanitize=address,undefined)
endif()
if(SALLYPORT_HARDEN)
  # A large frame cannot step over the guard page, and what was never set is zero instead of what lay there before.
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection
                      -ftrivial-auto-var-init=zero)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_link_options(-Wl,-z,relro,-z,now -pie)
endif()
if(SALLYPORT_PACKAGE)
  # Names and lines, enough for a backtrace or a profile; the same bytes from every folder. The linker compiles, too. For the
  # same reason the preset has no CCACHE_BASEDIR: with it ccache makes paths relative, which are other bytes than without ccache.
  add_compile_options(-g1 -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
  add_link_options(-g1 -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -Wl,--build-id=sha1)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  add_link_options(-fuse-ld=mold)
endif()
