# The desktop files are what their standards ask for; a validator that is not there is a skip.
function(farcell_validate name program)
    find_program(FARCELL_VALIDATOR_${program} ${program})
    if(FARCELL_VALIDATOR_${program})
        add_test(NAME packaging_${name} COMMAND ${FARCELL_VALIDATOR_${program}} ${ARGN})
    else()
        add_test(NAME packaging_${name} COMMAND ${CMAKE_COMMAND} -E echo "SKIP: ${program} is missing")
        set_tests_properties(packaging_${name} PROPERTIES SKIP_REGULAR_EXPRESSION "SKIP:")
    endif()
    set_tests_properties(packaging_${name} PROPERTIES LABELS packaging TIMEOUT 60)
endfunction()

farcell_validate(desktop_entry desktop-file-validate
    ${CMAKE_CURRENT_SOURCE_DIR}/desktop/org.farcell.Farcell.desktop)
farcell_validate(appstream appstreamcli validate --no-net
    ${CMAKE_CURRENT_SOURCE_DIR}/desktop/org.farcell.Farcell.metainfo.xml)
farcell_validate(scripts shellcheck -x
    -P ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/install-deps
    ${CMAKE_CURRENT_SOURCE_DIR}/run ${CMAKE_CURRENT_SOURCE_DIR}/test
    ${CMAKE_CURRENT_SOURCE_DIR}/render-icons ${PROJECT_SOURCE_DIR}/.ci/run)
set_tests_properties(packaging_scripts PROPERTIES WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})

# The unit as it would be installed, but with the programs of this build: verify looks for them.
set(farcelld ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/farcelld)
configure_file(systemd/farcelld.service.in verify/farcelld.service @ONLY)
farcell_validate(systemd_unit systemd-analyze verify --user --man=no
    ${CMAKE_CURRENT_BINARY_DIR}/verify/farcelld.service)
set_tests_properties(packaging_systemd_unit PROPERTIES
    ENVIRONMENT XDG_RUNTIME_DIR=${CMAKE_CURRENT_BINARY_DIR}/verify)
