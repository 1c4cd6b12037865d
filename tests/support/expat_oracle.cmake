# The second XML parser that the reader is held against; only tests and fuzz targets know it.
find_package(PkgConfig REQUIRED)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)
add_library(sp_expat_oracle STATIC ${CMAKE_CURRENT_LIST_DIR}/expat_oracle.cpp)
target_include_directories(sp_expat_oracle PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(sp_expat_oracle PUBLIC sp_proto_xmpp PRIVATE PkgConfig::EXPAT)
