# find_package(espalier) gives espalier::espalier, the shared library, and espalier::static.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
get_filename_component(_espalier_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET espalier::espalier)
  add_library(espalier::espalier SHARED IMPORTED)
  set_target_properties(espalier::espalier PROPERTIES
    IMPORTED_LOCATION "${_espalier_prefix}/lib/libespalier.so.@ABI@"
    IMPORTED_SONAME "libespalier.so.@ABI@"
    INTERFACE_INCLUDE_DIRECTORIES "${_espalier_prefix}/include")
endif()

if(NOT TARGET espalier::static)
  add_library(espalier::static STATIC IMPORTED)
  set_target_properties(espalier::static PROPERTIES
    IMPORTED_LOCATION "${_espalier_prefix}/lib/libespalier.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_espalier_prefix}/include"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;m")
endif()

unset(_espalier_prefix)
