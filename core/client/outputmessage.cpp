#include "core/client/outputmessage.h"

#include "core/base/slice.h"
#include "core/client/kernelconnection.h"
#include "core/client/runtimejson.h"
#include "core/notebook/jsonscan.h"
#include "core/notebook/jsonstrings.h"

#include <algorithm>

namespace farcell {

namespace {

JsonText slice(const QByteArray &text, json::Span span)
{
    return JsonText(sharedSlice(text, span.begin, span.length()));
}

QString keyText(const QByteArray &text, json::Span key)
{
    return slice(text, key).toMultilineString().value_or(QString());
}

// The raw text of a member that is an object; of repeated ones the last, as parsers do.
JsonText objectMember(const QByteArray &object, QLatin1String key)
{
    JsonText found;
    for (const json::Member &member : json::membersOf(object)) {
        if (keyText(object, member.key) == key)
            found = slice(object, member.value);
    }
    return found.text().startsWith('{') ? found : JsonText();
}

MimeBundle bundleFrom(const JsonText &data)
{
    MimeBundle bundle;
    for (const json::Member &member : json::membersOf(data.text()))
        bundle.set(keyText(data.text(), member.key), slice(data.text(), member.value));
    return bundle;
}

Output displayOutput(const KernelMessage &message, OutputKind kind)
{
    Output output;
    output.kind = kind;
    output.data = bundleFrom(objectMember(message.rawContent, QLatin1String("data")));
    output.metadata = objectMember(message.rawContent, QLatin1String("metadata"));
    if (output.metadata.isNull())
        output.metadata = JsonText(QByteArrayLiteral("{}"));
    const auto transient = message.content.find("transient");
    if (transient != message.content.end())
        output.displayId = textAt(*transient, "display_id");
    const auto count = message.content.find("execution_count");
    if (count != message.content.end() && count->is_number_integer())
        output.executionCount = count->get<int>();
    return output;
}

Output errorOutput(const nlohmann::json &content)
{
    Output output;
    output.kind = OutputKind::Error;
    output.errorName = textAt(content, "ename");
    output.errorValue = textAt(content, "evalue");
    const auto traceback = content.find("traceback");
    if (traceback == content.end() || !traceback->is_array())
        return output;
    for (const auto &line : *traceback) {
        if (line.is_string())
            output.traceback << QString::fromStdString(line.get_ref<const std::string &>());
    }
    return output;
}

// Where to cut a string token near `at`, not within an escape or a character.
qsizetype cutNear(QByteArrayView token, qsizetype at)
{
    while ((static_cast<unsigned char>(token[at]) & 0xc0U) == 0x80)
        --at;
    constexpr qsizetype longestEscape = 6;
    for (qsizetype slash = at - 1; slash > at - longestEscape && slash > 0; --slash) {
        if (token[slash] != '\\')
            continue;
        qsizetype first = slash; // of a run of backslashes: two of them are one escape
        while (first > 1 && token[first - 1] == '\\')
            --first;
        const bool starts = (slash - first) % 2 == 0;
        const qsizetype length = token[slash + 1] == 'u' ? longestEscape : 2;
        if (starts && slash + length > at)
            return slash;
        if (starts)
            break;
    }
    return at;
}

} // namespace

void forEachStreamPart(const KernelMessage &message,
                       const std::function<bool(const QString &part)> &found)
{
    if (message.streamText) {
        found(*message.streamText);
        return;
    }
    if (message.content.contains("text")) {
        found(textAt(message.content, "text"));
        return;
    }
    constexpr qsizetype part = qsizetype{256} << 10;
    QByteArrayView token; // of repeated members the last, as parsers do
    for (const json::Member &member : json::membersOf(message.rawContent)) {
        if (keyText(message.rawContent, member.key) == QLatin1String("text"))
            token = json::cut(message.rawContent, member.value);
    }
    if (token.size() < 2 || token.front() != '"')
        return;
    const qsizetype end = token.size() - 1;
    for (qsizetype start = 1; start < end;) {
        const qsizetype stop = end - start > part ? cutNear(token, start + part) : end;
        // What stands around the part is taken for its quotes.
        if (!found(json::decodeString(token.sliced(start - 1, stop - start + 2))))
            return;
        start = stop;
    }
}

bool isLongStream(const KernelMessage &message)
{
    return !message.streamText && !message.content.contains("text") &&
           message.type() == QLatin1String("stream");
}

std::optional<Output> outputFromMessage(const KernelMessage &message)
{
    const QString type = message.type();
    if (type == QLatin1String("stream")) {
        Output output;
        output.kind = OutputKind::Stream;
        output.streamName = textAt(message.content, "name");
        forEachStreamPart(message, [&output](const QString &part) {
            output.text += part;
            return true;
        });
        if (output.streamName.isEmpty())
            return std::nullopt;
        return output;
    }
    if (type == QLatin1String("display_data") || type == QLatin1String("update_display_data"))
        return displayOutput(message, OutputKind::DisplayData);
    if (type == QLatin1String("execute_result"))
        return displayOutput(message, OutputKind::ExecuteResult);
    if (type == QLatin1String("error"))
        return errorOutput(message.content);
    return std::nullopt;
}

Output errorFromReply(const KernelMessage &reply)
{
    return errorOutput(reply.content);
}

} // namespace farcell
