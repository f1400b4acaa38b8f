#pragma once

#include "backend/http/httpmessage.h"

#include <QByteArrayView>

#include <memory>

namespace farcell::http {

// Reads one HTTP/1.x request from bytes as they come. Strict: what two parsers could read in two
// ways is refused. No sockets here; the connection feeds it and drops what was used.
//
// Boost.Beast's parser is behind it, compiled in this one translation unit only.
class HttpParser
{
    Q_DISABLE_COPY_MOVE(HttpParser)

public:
    static constexpr qsizetype headLimit = 64L * 1024;

    enum class State
    {
        Head,
        Body,
        Done,
        Failed
    };

    HttpParser();
    ~HttpParser();

    // Takes the head once `bytes` hold all of it, or any part of the body. Returns how many bytes
    // were used; the rest must be fed again, with more behind it.
    qsizetype feed(QByteArrayView bytes);
    // After the head: refuse a body longer than this. Must be called before feeding body bytes.
    void setBodyLimit(quint64 bytes);

    [[nodiscard]] State state() const;
    [[nodiscard]] int errorStatus() const;   // HTTP status to answer after Failed
    [[nodiscard]] QString errorText() const; // what was wrong with it
    // The head from State::Body on; body too once Done.
    [[nodiscard]] HttpRequest &request();

private:
    class Parser;
    std::unique_ptr<Parser> m_parser;
};

} // namespace farcell::http
