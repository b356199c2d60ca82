# Writes a C source that holds the files page.html, page.css and page.js of this directory, with
# their SHA-256.
#
#   cmake -DOUTPUT=assets.c -P embed.cmake
cmake_minimum_required(VERSION 3.25)

# as_array(HEX VARIABLE): the bytes as a C initializer
function(as_array hex variable)
    string(REGEX REPLACE "(..)" "0x\\1," list "${hex}")
    set(${variable} "${list}" PARENT_SCOPE)
endfunction()

function(embed file name)
    file(READ ${CMAKE_CURRENT_LIST_DIR}/${file} bytes HEX)
    file(SHA256 ${CMAKE_CURRENT_LIST_DIR}/${file} digest)
    as_array("${bytes}" bytes)
    as_array("${digest}" digest)
    string(APPEND source "static const uint8_t ${name}_bytes[] = {${bytes}};\n"
        "const struct lp_asset lp_asset_${name} = {\n"
        "    ${name}_bytes, sizeof ${name}_bytes, {${digest}}};\n")
    set(source "${source}" PARENT_SCOPE)
endfunction()

set(source "#include \"report/assets.h\"\n")
embed(page.html page)
embed(page.css style)
embed(page.js script)
file(WRITE ${OUTPUT} "${source}")
