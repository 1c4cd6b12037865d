# Turns the files of a folder into one C++ table (src/admin/web/web_files.h): run with cmake -P at build time.
#   -DFOLDER=<web> -DOUT=<file.cpp> -DGZIP=<program, may be empty> -DSCRATCH=<folder>
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(table "")
set(number 0)

# Bytes of a file as the initialiser of an array.
function(bytes_of path out)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," hex "${hex}")
  set(${out} "${hex}" PARENT_SCOPE)
endfunction()

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_mjs "text/javascript; charset=utf-8")
set(type_json "application/json")
set(type_webmanifest "application/manifest+json")
set(type_svg "image/svg+xml")
set(type_png "image/png")
set(type_ico "image/x-icon")
set(type_woff2 "font/woff2")
set(type_txt "text/plain; charset=utf-8")

foreach(file ${files})
  get_filename_component(extension ${file} LAST_EXT)
  string(REGEX REPLACE "^\\." "" extension "${extension}")
  # Sources of a page, notes and tests stand beside it and are not served; package.json tells nodejs what a .js is.
  if(NOT DEFINED type_${extension} OR file STREQUAL "package.json" OR file MATCHES "(^|/)(node_modules|tests?)/")
    continue()
  endif()
  file(SHA256 ${FOLDER}/${file} digest)
  string(SUBSTRING ${digest} 0 32 digest)
  bytes_of(${FOLDER}/${file} plain)
  string(APPEND arrays "constexpr char plain_${number}[] = {${plain}0};\n")
  set(packed "{}")
  if(GZIP AND extension MATCHES "^(html|css|js|mjs|json|svg|txt|webmanifest)$")
    execute_process(COMMAND ${GZIP} -9 -n -c ${FOLDER}/${file} OUTPUT_FILE ${SCRATCH}/packed.gz RESULT_VARIABLE failed)
    if(NOT failed)
      bytes_of(${SCRATCH}/packed.gz zipped)
      string(APPEND arrays "constexpr char packed_${number}[] = {${zipped}0};\n")
      set(packed "view(packed_${number})")
    endif()
  endif()
  string(APPEND table
         "    {\"/${file}\", \"${type_${extension}}\", \"\\\"${digest}\\\"\", view(plain_${number}), ${packed}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUT}.new
"// Made by cmake/embed_web.cmake from the files of web/; not to be edited.
#include \"admin/web/web_files.h\"

namespace sallyport::admin {

namespace {

${arrays}
/// Each array has a zero behind its bytes, so that an empty file is an array too.
template <std::size_t size>
constexpr std::string_view view(const char (&bytes)[size]) {
    return {bytes, size - 1};
}

constexpr WebFile files[] = {
${table}};

}  // namespace

std::span<const WebFile> web_files() { return files; }

}  // namespace sallyport::admin
")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
file(TOUCH ${OUT})
