#include "core/client/kernelreplies.h"

#include "core/client/codepoints.h"
#include "core/client/runtimejson.h"

#include <QHash>

#include <algorithm>

namespace farcell {

namespace {

using nlohmann::json;

bool isReplyOk(const KernelMessage &message)
{
    return textAt(message.content, "status") == QLatin1String("ok");
}

// Type and signature per match text, of IPython's experimental metadata.
QHash<QString, CompletionReply::Match> typedMatches(const KernelMessage &reply)
{
    QHash<QString, CompletionReply::Match> typed;
    const auto metadata = reply.content.find("metadata");
    if (metadata == reply.content.end() || !metadata->is_object())
        return typed;
    const auto list = metadata->find("_jupyter_types_experimental");
    if (list == metadata->end() || !list->is_array())
        return typed;
    for (const json &entry : *list) {
        const QString text = textAt(entry, "text");
        QString type = textAt(entry, "type");
        if (type == QLatin1String("<unknown>"))
            type.clear();
        typed.insert(text, {text, type, textAt(entry, "signature")});
    }
    return typed;
}

} // namespace

Result<CompletionReply> completionFrom(const KernelMessage &message, const QString &code)
{
    const auto matches = message.content.find("matches");
    if (!isReplyOk(message) || matches == message.content.end() || !matches->is_array())
        return fail(ErrorCode::Unavailable,
                    KernelConnection::tr("The kernel offers no completion"));
    const auto typed = typedMatches(message);
    CompletionReply reply;
    for (const json &match : *matches) {
        if (!match.is_string())
            continue;
        const QString text = QString::fromStdString(match.get_ref<const std::string &>());
        reply.matches.append(typed.value(text, {text, {}, {}}));
    }
    reply.start = utf16Position(code, numberAt<int>(message.content, "cursor_start").value_or(0));
    reply.end = std::max(
        reply.start, utf16Position(code, numberAt<int>(message.content, "cursor_end").value_or(0)));
    return reply;
}

Result<InspectReply> inspectionFrom(const KernelMessage &message)
{
    if (!isReplyOk(message))
        return fail(ErrorCode::Unavailable, KernelConnection::tr("The kernel knows nothing here"));
    InspectReply reply;
    const auto found = message.content.find("found");
    reply.found = found != message.content.end() && found->is_boolean() && found->get<bool>();
    const auto data = message.content.find("data");
    if (data != message.content.end()) {
        reply.plainText = textAt(*data, "text/plain");
        reply.html = textAt(*data, "text/html");
    }
    return reply;
}

KernelInfo infoFrom(const json &content)
{
    KernelInfo info;
    info.implementation = textAt(content, "implementation");
    info.banner = textAt(content, "banner");
    const auto language = content.find("language_info");
    if (language == content.end() || !language->is_object())
        return info;
    info.languageInfo = *language;
    info.languageName = textAt(*language, "name");
    info.languageVersion = textAt(*language, "version");
    info.fileExtension = textAt(*language, "file_extension");
    info.mimeType = textAt(*language, "mimetype");
    return info;
}

} // namespace farcell
