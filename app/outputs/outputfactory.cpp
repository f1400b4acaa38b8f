#include "app/outputs/outputfactory.h"

#include "app/markdown/markdownblock.h"
#include "app/outputs/htmloutput.h"
#include "app/outputs/imagepart.h"
#include "app/outputs/jsonpart.h"
#include "app/outputs/mimechoice.h"
#include "app/outputs/notepart.h"
#include "app/outputs/stackpart.h"
#include "app/outputs/terminalblock.h"
#include "app/theme/theme.h"

#include <QCoreApplication>

#include <nlohmann/json.hpp>

namespace farcell {

namespace {

using Json = nlohmann::ordered_json;

constexpr qsizetype maxJson = 20LL * 1024 * 1024; // larger values are shown as text

QString text(const char *source)
{
    return QCoreApplication::translate("farcell::Outputs", source);
}

QString textValue(const JsonText &value)
{
    const std::optional<QString> string = value.toMultilineString();
    return string ? *string : QString::fromUtf8(value.text());
}

double numberOr(const Json &object, const char *key, double fallback)
{
    const auto found = object.find(key);
    if (found == object.end())
        return fallback;
    if (found->is_number())
        return found->get<double>();
    if (found->is_string()) // "640" and "640px" are written too
        return QString::fromStdString(found->get<std::string>())
            .remove(QStringLiteral("px"))
            .toDouble();
    return fallback;
}

ImageHints hintsOf(const Output &output, const QString &mime)
{
    const Json all = output.metadata.isNull() ? Json() : output.metadata.toJson();
    if (!all.is_object())
        return {};
    const auto own = all.find(mime.toStdString());
    const Json &hints = own != all.end() && own->is_object() ? *own : all;
    ImageHints result;
    result.size = QSizeF(std::clamp(numberOr(hints, "width", 0), 0.0, 20'000.0),
                         std::clamp(numberOr(hints, "height", 0), 0.0, 20'000.0));
    const auto background = hints.find("needs_background");
    if (background != hints.end() && background->is_string())
        result.needsBackground = QString::fromStdString(background->get<std::string>());
    return result;
}

std::unique_ptr<Block> terminal(const RenderContext &context, const QString &shown,
                                TerminalBlock::Role role = TerminalBlock::Role::Output)
{
    auto block = std::make_unique<TerminalBlock>(context.theme, role);
    block->append(shown);
    return block;
}

std::unique_ptr<Block> makeImage(const Output &output, const QString &mime, const JsonText &value,
                                 const RenderContext &context)
{
    const bool svg = mime == QLatin1String("image/svg+xml");
    auto image = context.images.add(svg ? textValue(value).toUtf8() : binaryValue(value));
    if (!image->isValid())
        return std::make_unique<NotePart>(context.theme,
                                          text("This image cannot be read (%1)").arg(mime));
    return std::make_unique<ImagePart>(context.theme, std::move(image), hintsOf(output, mime));
}

std::unique_ptr<Block> makeError(const Output &output, const RenderContext &context)
{
    QString shown = output.traceback.join(QLatin1Char('\n'));
    if (shown.trimmed().isEmpty())
        shown = output.errorName + QStringLiteral(": ") + output.errorValue;
    return terminal(context, shown, TerminalBlock::Role::Error);
}

std::unique_ptr<Block> makeJson(const JsonText &value, const RenderContext &context)
{
    Json json = value.toJson();
    // Old kernels sent the JSON as a string.
    if (const std::optional<QString> inner = value.toMultilineString()) {
        Json parsed = Json::parse(inner->toStdString(), nullptr, false);
        if (!parsed.is_discarded() && parsed.is_structured())
            json = std::move(parsed);
    }
    return std::make_unique<JsonPart>(context.theme, std::move(json));
}

std::unique_ptr<Block> makeBundle(const Output &output, const MimeChoice &choice,
                                  const RenderContext &context, const QString &baseDirectory,
                                  const QString &notebook)
{
    const JsonText *value = output.data.find(choice.mime);
    if (!value)
        return nullptr;
    if (choice.mime.startsWith(QLatin1String("image/")))
        return makeImage(output, choice.mime, *value, context);
    if (choice.mime == QLatin1String("text/html"))
        return makeHtmlOutput(textValue(*value), baseDirectory, context);
    if (choice.mime == QLatin1String("text/latex"))
        return makeLatex(textValue(*value), context, notebook);
    if (choice.mime == QLatin1String("text/markdown")) {
        auto block = makeMarkdown(textValue(*value), {}, baseDirectory, context, notebook);
        block->setDoubleClickSelects(true);
        return block;
    }
    if (choice.mime.endsWith(QLatin1String("json")) && value->text().size() < maxJson)
        return makeJson(*value, context);
    return terminal(context, textValue(*value));
}

} // namespace

QByteArray binaryValue(const JsonText &value)
{
    const std::optional<QByteArray> encoded = value.toMultilineUtf8();
    return encoded ? QByteArray::fromBase64(*encoded) : QByteArray();
}

MadeOutput makeOutput(const Output &output, const RenderContext &context,
                      const QString &baseDirectory, const QString &notebook)
{
    if (output.kind == OutputKind::Stream) {
        const bool error = output.streamName == QLatin1String("stderr");
        return {terminal(context, output.text,
                         error ? TerminalBlock::Role::Stderr : TerminalBlock::Role::Output)};
    }
    if (output.kind == OutputKind::Error)
        return {makeError(output, context)};
    if (output.kind == OutputKind::Unknown)
        return {std::make_unique<NotePart>(context.theme,
                                           text("An output of a kind this program does not know"))};
    const MimeChoice choice = chooseMime(output.data);
    std::unique_ptr<Block> block = makeBundle(output, choice, context, baseDirectory, notebook);
    if (!choice.fallback && block)
        return {std::move(block)};
    if (choice.note.isEmpty())
        return {block ? std::move(block) : std::make_unique<StackPart>(0), choice.fallback};
    auto stack = std::make_unique<StackPart>(2);
    if (block)
        stack->add(std::move(block));
    stack->add(std::make_unique<NotePart>(context.theme, choice.note));
    return {std::move(stack), choice.fallback};
}

} // namespace farcell
