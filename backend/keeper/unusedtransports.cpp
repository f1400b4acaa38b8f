// Debian's libzmq.a also knows GSSAPI, NORM and PGM, whose libraries are not there as archives or
// are large. The keeper speaks ipc and tcp without them: these names satisfy the linker. Only
// pgm_init and pgm_shutdown are ever called.
namespace {

[[noreturn]] void notHere()
{
    __builtin_trap();
}

} // namespace

#define FARCELL_NOT_HERE(name)                                                                     \
    void name()                                                                                    \
    {                                                                                              \
        notHere();                                                                                 \
    }

extern "C" {

int pgm_init() // NOLINT(readability-identifier-naming)
{
    return 1;
}

int pgm_shutdown() // NOLINT(readability-identifier-naming)
{
    return 1;
}

// NOLINTBEGIN(readability-identifier-naming)
extern const void *const GSS_C_NT_HOSTBASED_SERVICE;
const void *const GSS_C_NT_HOSTBASED_SERVICE = nullptr;
extern const void *const GSS_C_NT_USER_NAME;
const void *const GSS_C_NT_USER_NAME = nullptr;
extern const void *const NORM_INSTANCE_INVALID;
const void *const NORM_INSTANCE_INVALID = nullptr;
extern const void *const NORM_NODE_ANY;
const void *const NORM_NODE_ANY = nullptr;
extern const void *const NORM_OBJECT_INVALID;
const void *const NORM_OBJECT_INVALID = nullptr;
extern const void *const NORM_SESSION_INVALID;
const void *const NORM_SESSION_INVALID = nullptr;
FARCELL_NOT_HERE(NormCreateInstance)
FARCELL_NOT_HERE(NormCreateSession)
FARCELL_NOT_HERE(NormDestroyInstance)
FARCELL_NOT_HERE(NormDestroySession)
FARCELL_NOT_HERE(NormGetDescriptor)
FARCELL_NOT_HERE(NormGetNextEvent)
FARCELL_NOT_HERE(NormGetRandomSessionId)
FARCELL_NOT_HERE(NormIsUnicastAddress)
FARCELL_NOT_HERE(NormNodeDelete)
FARCELL_NOT_HERE(NormObjectGetType)
FARCELL_NOT_HERE(NormObjectGetUserData)
FARCELL_NOT_HERE(NormObjectSetUserData)
FARCELL_NOT_HERE(NormSetCongestionControl)
FARCELL_NOT_HERE(NormSetDefaultSyncPolicy)
FARCELL_NOT_HERE(NormSetDefaultUnicastNack)
FARCELL_NOT_HERE(NormSetLoopback)
FARCELL_NOT_HERE(NormSetMulticastInterface)
FARCELL_NOT_HERE(NormSetRxPortReuse)
FARCELL_NOT_HERE(NormSetTTL)
FARCELL_NOT_HERE(NormStartReceiver)
FARCELL_NOT_HERE(NormStartSender)
FARCELL_NOT_HERE(NormStopInstance)
FARCELL_NOT_HERE(NormStopReceiver)
FARCELL_NOT_HERE(NormStopSender)
FARCELL_NOT_HERE(NormStreamFlush)
FARCELL_NOT_HERE(NormStreamOpen)
FARCELL_NOT_HERE(NormStreamRead)
FARCELL_NOT_HERE(NormStreamSeekMsgStart)
FARCELL_NOT_HERE(NormStreamWrite)
FARCELL_NOT_HERE(gss_accept_sec_context)
FARCELL_NOT_HERE(gss_acquire_cred)
FARCELL_NOT_HERE(gss_delete_sec_context)
FARCELL_NOT_HERE(gss_display_name)
FARCELL_NOT_HERE(gss_import_name)
FARCELL_NOT_HERE(gss_init_sec_context)
FARCELL_NOT_HERE(gss_release_buffer)
FARCELL_NOT_HERE(gss_release_cred)
FARCELL_NOT_HERE(gss_release_name)
FARCELL_NOT_HERE(gss_unwrap)
FARCELL_NOT_HERE(gss_wrap)
FARCELL_NOT_HERE(pgm_bind3)
FARCELL_NOT_HERE(pgm_close)
FARCELL_NOT_HERE(pgm_connect)
FARCELL_NOT_HERE(pgm_error_free)
FARCELL_NOT_HERE(pgm_free)
FARCELL_NOT_HERE(pgm_freeaddrinfo)
FARCELL_NOT_HERE(pgm_getaddrinfo)
FARCELL_NOT_HERE(pgm_getsockopt)
FARCELL_NOT_HERE(pgm_gsi_create_from_data)
FARCELL_NOT_HERE(pgm_recvmsgv)
FARCELL_NOT_HERE(pgm_send)
FARCELL_NOT_HERE(pgm_setsockopt)
FARCELL_NOT_HERE(pgm_socket)
// NOLINTEND(readability-identifier-naming)

} // extern "C"
