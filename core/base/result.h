#pragma once

#include <QString>

#include <tl/expected.hpp>

#include <utility>

namespace farcell {

enum class ErrorCode
{
    InvalidData, // input that is not what it should be
    NotFound,
    Exists,      // the target is already there
    Denied,      // authentication or permission
    Untrusted,   // a server that cannot prove who it is; detail is its certificate's fingerprint
    Unavailable, // cannot be reached, or refuses
    Timeout,
    Cancelled,
    TooLarge,
    Internal
};

// What went wrong, for code to switch on (code) and for a person to read (message).
struct Error
{
    ErrorCode code = ErrorCode::Internal;
    QString message; // one translated sentence, no trailing period
    QString detail;  // untranslated: errno text, HTTP body, kernel stderr
};

template <typename T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, QString message, QString detail = {})
{
    return tl::unexpected<Error>(Error{code, std::move(message), std::move(detail)});
}

} // namespace farcell
