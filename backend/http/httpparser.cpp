#include "backend/http/httpparser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <limits>

namespace farcell::http {

namespace beast = boost::beast;

namespace {

constexpr qsizetype maxChunkHead = 16L * 1024; // size line, and trailer fields of the last chunk

QByteArray toBytes(beast::string_view text)
{
    return {text.data(), qsizetype(text.size())};
}

bool endsHead(QByteArrayView bytes)
{
    return bytes.indexOf(QByteArrayView("\r\n\r\n")) >= 0;
}

} // namespace

// Collects what Beast reports. Field checks that Beast leaves to its user are in checkHead().
class HttpParser::Parser : public beast::http::basic_parser<true>
{
public:
    Parser()
    {
        header_limit(headLimit);
        body_limit(std::numeric_limits<std::uint64_t>::max());
        eager(false);
    }

    HttpRequest request;
    State state = State::Head;
    int errorStatus = 400;
    QString errorText;
    std::uint64_t bodyLimit = 0;
    bool headDone = false;

    void refuse(int status, const QString &text)
    {
        state = State::Failed;
        errorStatus = status;
        errorText = text;
    }

    void refuse(const beast::error_code &ec)
    {
        if (ec == beast::http::error::header_limit)
            refuse(431, QStringLiteral("The request's head is too large"));
        else if (ec == beast::http::error::body_limit)
            refuse(413, QStringLiteral("The request's body is too large"));
        else if (ec == beast::http::error::bad_version)
            refuse(505, QStringLiteral("Only HTTP/1.0 and HTTP/1.1 are spoken here"));
        else
            refuse(400, QString::fromStdString(ec.message()));
    }

    void checkHead()
    {
        const HttpHeaders &headers = request.headers;
        const QByteArray encoding = headers.value("Transfer-Encoding").toLower();
        if (headers.count("Content-Length") > 1 || headers.count("Transfer-Encoding") > 1)
            refuse(400, QStringLiteral("The length of the body is given twice"));
        else if (headers.contains("Transfer-Encoding") && headers.contains("Content-Length"))
            refuse(400, QStringLiteral("Content-Length and Transfer-Encoding exclude each other"));
        else if (headers.contains("Transfer-Encoding") && (encoding != "chunked" || !chunked()))
            refuse(501, QStringLiteral("Unknown Transfer-Encoding"));
        else if (chunked() && request.minorVersion == 0)
            refuse(400, QStringLiteral("HTTP/1.0 has no chunked bodies"));
        else if (headers.value("Content-Length").contains(','))
            refuse(400, QStringLiteral("Content-Length is not one number"));
        else if (headers.count("Host") > 1)
            refuse(400, QStringLiteral("More than one Host header"));
        else if (request.minorVersion > 0 && !headers.contains("Host"))
            refuse(400, QStringLiteral("No Host header"));
    }

private:
    using string_view = beast::string_view;
    using error_code = beast::error_code;

    void on_request_impl(beast::http::verb /*verb*/, string_view method, string_view target,
                         int version, error_code & /*ec*/) override
    {
        request.method = toBytes(method);
        request.target = toBytes(target);
        request.minorVersion = version - 10;
    }
    void on_response_impl(int /*code*/, string_view /*reason*/, int /*version*/,
                          error_code & /*ec*/) override
    {}
    void on_field_impl(beast::http::field /*field*/, string_view name, string_view value,
                       error_code & /*ec*/) override
    {
        if (!headDone) // trailer fields of a chunked body mean nothing to us
            request.headers.add(toBytes(name), toBytes(value));
    }
    void on_header_impl(error_code & /*ec*/) override { headDone = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t> & /*length*/,
                           error_code & /*ec*/) override
    {}
    std::size_t on_body_impl(string_view body, error_code &ec) override { return take(body, ec); }
    void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/,
                              error_code & /*ec*/) override
    {}
    std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view body,
                                   error_code &ec) override
    {
        return take(body, ec);
    }
    void on_finish_impl(error_code & /*ec*/) override {}

    std::size_t take(string_view body, error_code &ec)
    {
        if (std::uint64_t(request.body.size()) + body.size() > bodyLimit) {
            ec = beast::http::error::body_limit;
            return 0;
        }
        request.body.append(body.data(), qsizetype(body.size()));
        return body.size();
    }
};

HttpParser::HttpParser()
    : m_parser(std::make_unique<Parser>())
{}

HttpParser::~HttpParser() = default;

qsizetype HttpParser::feed(QByteArrayView bytes)
{
    Parser &p = *m_parser;
    if (p.state == State::Done || p.state == State::Failed || bytes.isEmpty())
        return 0;
    const bool inHead = p.state == State::Head;
    // The whole head at once or nothing: an upgrade leaves it in the socket for the next reader.
    if (inHead && bytes.size() < headLimit && !endsHead(bytes))
        return 0;

    beast::error_code ec;
    const std::size_t used =
        p.put(boost::asio::const_buffer(bytes.data(), size_t(bytes.size())), ec);
    if (ec && ec != beast::http::error::need_more) {
        p.refuse(ec);
        return qsizetype(used);
    }
    if (inHead) {
        if (!p.is_header_done()) {
            p.refuse(431, QStringLiteral("The request's head is too large"));
            return qsizetype(used);
        }
        p.request.keepAlive = p.keep_alive();
        p.request.chunked = p.chunked();
        if (const auto length = p.content_length())
            p.request.contentLength = *length;
        p.state = p.is_done() ? State::Done : State::Body;
        p.checkHead();
        p.eager(true);
    } else if (p.is_done()) {
        p.state = State::Done;
    } else if (used == 0 && bytes.size() > maxChunkHead) {
        p.refuse(400, QStringLiteral("A chunk's head is too large"));
    }
    return qsizetype(used);
}

void HttpParser::setBodyLimit(quint64 bytes)
{
    Parser &p = *m_parser;
    p.bodyLimit = bytes;
    p.body_limit(bytes);
    if (p.state == State::Body && p.request.contentLength.value_or(0) > bytes)
        p.refuse(413, QStringLiteral("The request's body is too large"));
}

HttpParser::State HttpParser::state() const
{
    return m_parser->state;
}

int HttpParser::errorStatus() const
{
    return m_parser->errorStatus;
}

QString HttpParser::errorText() const
{
    return m_parser->errorText;
}

HttpRequest &HttpParser::request()
{
    return m_parser->request;
}

} // namespace farcell::http
