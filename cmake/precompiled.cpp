// Carries the headers that sp_precompile reads once (cmake/modules.cmake).
