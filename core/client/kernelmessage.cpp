#include "core/client/kernelmessage.h"

#include "core/base/jsonmembers.h"
#include "core/base/slice.h"
#include "core/jupyter/websocketframes.h"
#include "core/notebook/jsonscan.h"
#include "core/notebook/jsonstrings.h"
#include "core/notebook/jsontext.h"

#include <QUtf8StringView>

#include <optional>
#include <utility>

namespace farcell {

namespace {

using nlohmann::json;

std::string_view viewOf(const QByteArray &bytes)
{
    return {bytes.constData(), static_cast<size_t>(bytes.size())};
}

tl::unexpected<Error> badFrame(wire::FrameError error)
{
    const std::string_view text = wire::frameErrorText(error);
    return fail(ErrorCode::InvalidData,
                KernelConnection::tr("The server sent a message that is not understood"),
                QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())));
}

QByteArray sliceOf(const QByteArray &frame, std::string_view part)
{
    return sharedSlice(frame, part.data() - frame.constData(), static_cast<qsizetype>(part.size()));
}

// An object, or an empty one. `text` becomes valid UTF-8 if it was not.
json objectFrom(QByteArray &text)
{
    json value = json::parse(text.cbegin(), text.cend(), nullptr, false);
    if (value.is_discarded()) {
        text = QString::fromUtf8(text).toUtf8(); // bad bytes become U+FFFD
        value = json(JsonText(text).toJson());
    }
    return value.is_object() ? value : json::object();
}

json objectFrom(std::string_view text)
{
    QByteArray bytes(text.data(), static_cast<qsizetype>(text.size()));
    return objectFrom(bytes);
}

// The content of a long stream message without its text, if it is in order: that is read from
// rawContent, a hundred times as fast and in parts (outputmessage.h).
std::optional<json> withoutText(const QByteArray &raw)
{
    json::object_t object;
    farcell::json::Scanner scanner(raw);
    scanner.skipSpace();
    if (scanner.current() != '{' || !QUtf8StringView(raw.constData(), raw.size()).isValidUtf8())
        return std::nullopt;
    const bool ok = scanner.object([&](farcell::json::Span key) {
        farcell::json::Span value;
        if (!scanner.value(value))
            return false;
        const QString name = farcell::json::decodeString(farcell::json::cut(raw, key));
        const QByteArrayView text = farcell::json::cut(raw, value);
        if (name != QLatin1String("text"))
            object[name.toStdString()] = json::parse(text.begin(), text.end(), nullptr, false);
        return name != QLatin1String("text") || text.startsWith('"');
    });
    if (!ok || !scanner.finish())
        return std::nullopt;
    return json(std::move(object));
}

wire::MessageView viewOf(const OutgoingMessage &message)
{
    return {message.channel,  message.header,  message.parentHeader,
            message.metadata, message.content, {}};
}

} // namespace

QString KernelMessage::type() const
{
    return textAt(header, "msg_type");
}

MsgId KernelMessage::parentId() const
{
    return MsgId(textAt(parentHeader, "msg_id"));
}

Result<KernelMessage> decodeFrame(const QByteArray &v1Frame)
{
    const auto view = wire::decodeV1(viewOf(v1Frame));
    if (!view)
        return badFrame(view.error());
    KernelMessage message;
    message.channel =
        QString::fromUtf8(view->channel.data(), static_cast<qsizetype>(view->channel.size()));
    message.header = objectFrom(view->header);
    message.parentHeader = objectFrom(view->parentHeader);
    message.metadata = objectFrom(view->metadata);
    if (const auto number = message.metadata.find("farcell_seq");
        number != message.metadata.end() && number->is_number_unsigned())
        message.sequence = number->get<quint64>();
    message.rawContent = sliceOf(v1Frame, view->content);
    constexpr qsizetype longContent = 32'768;
    std::optional<nlohmann::json> slim;
    if (message.rawContent.size() > longContent && message.type() == QLatin1String("stream"))
        slim = withoutText(message.rawContent);
    message.content = slim ? std::move(*slim) : objectFrom(message.rawContent);
    message.buffers.reserve(view->buffers.size());
    for (const std::string_view buffer : view->buffers)
        message.buffers.push_back(sliceOf(v1Frame, buffer));
    if (message.type().isEmpty())
        return badFrame(wire::FrameError::BadJson);
    return message;
}

Result<KernelMessage> decodeLegacyFrame(const QByteArray &frame, bool isBinary)
{
    const auto legacy =
        isBinary ? wire::decodeLegacyBinary(viewOf(frame)) : wire::decodeLegacyText(viewOf(frame));
    if (!legacy)
        return badFrame(legacy.error());
    return decodeFrame(QByteArray::fromStdString(legacy->v1));
}

QByteArray encodeFrame(const OutgoingMessage &message)
{
    return QByteArray::fromStdString(wire::encodeV1(viewOf(message)));
}

QByteArray encodeLegacyFrame(const OutgoingMessage &message)
{
    return QByteArray::fromStdString(wire::encodeLegacy(viewOf(message)).bytes);
}

} // namespace farcell
