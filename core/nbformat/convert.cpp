#include "core/nbformat/convert.h"

#include "core/base/jsonmembers.h"
#include "core/nbformat/exporters.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QHash>
#include <QRegularExpression>
#include <QUrl>

namespace farcell {

using nlohmann::ordered_json;

namespace nbformat {

namespace {

QString commentPrefixOf(const QString &language)
{
    static const QHash<QString, QString> prefixes{
        {QStringLiteral("c"), QStringLiteral("// ")},
        {QStringLiteral("c++"), QStringLiteral("// ")},
        {QStringLiteral("c++17"), QStringLiteral("// ")},
        {QStringLiteral("c#"), QStringLiteral("// ")},
        {QStringLiteral("f#"), QStringLiteral("// ")},
        {QStringLiteral("go"), QStringLiteral("// ")},
        {QStringLiteral("java"), QStringLiteral("// ")},
        {QStringLiteral("javascript"), QStringLiteral("// ")},
        {QStringLiteral("kotlin"), QStringLiteral("// ")},
        {QStringLiteral("rust"), QStringLiteral("// ")},
        {QStringLiteral("scala"), QStringLiteral("// ")},
        {QStringLiteral("swift"), QStringLiteral("// ")},
        {QStringLiteral("typescript"), QStringLiteral("// ")},
        {QStringLiteral("haskell"), QStringLiteral("-- ")},
        {QStringLiteral("lua"), QStringLiteral("-- ")},
        {QStringLiteral("sql"), QStringLiteral("-- ")},
        {QStringLiteral("clojure"), QStringLiteral("; ")},
        {QStringLiteral("common lisp"), QStringLiteral("; ")},
        {QStringLiteral("scheme"), QStringLiteral("; ")},
        {QStringLiteral("matlab"), QStringLiteral("% ")},
        {QStringLiteral("octave"), QStringLiteral("% ")},
    };
    return prefixes.value(language, QStringLiteral("# "));
}

QString commented(const QString &text, const QString &prefix)
{
    QStringList lines = text.split(QLatin1Char('\n'));
    for (QString &line : lines)
        line.prepend(prefix);
    return lines.join(QLatin1Char('\n'));
}

} // namespace

Language languageOf(const NotebookContent &content)
{
    const ordered_json metadata = content.metadata.toJson();
    Language language;
    language.name = textAt(memberOf(metadata, "language_info"), "name").toLower();
    if (language.name.isEmpty())
        language.name = textAt(memberOf(metadata, "kernelspec"), "language").toLower();
    if (language.name.isEmpty() || language.name == QLatin1String("ipython"))
        language.name = QStringLiteral("python");
    language.suffix = textAt(memberOf(metadata, "language_info"), "file_extension");
    if (language.suffix.isEmpty())
        language.suffix = language.name == QLatin1String("python") ? QStringLiteral(".py")
                                                                   : QStringLiteral(".txt");
    if (!language.suffix.startsWith(QLatin1Char('.')))
        language.suffix.prepend(QLatin1Char('.'));
    language.commentPrefix = commentPrefixOf(language.name);
    return language;
}

QString toScript(const NotebookContent &content)
{
    const Language language = languageOf(content);
    const bool isPython = language.name == QLatin1String("python");
    QString script;
    if (isPython)
        script += QLatin1String("#!/usr/bin/env python\n# coding: utf-8\n");
    for (const Cell &cell : content.cells) {
        if (cell.kind == CellKind::Code) {
            const QString count = cell.executionCount.value_or(0) != 0
                                      ? QString::number(*cell.executionCount)
                                      : QStringLiteral(" ");
            script += QStringLiteral("\n%1In[%2]:\n\n\n").arg(language.commentPrefix, count);
            script += isPython ? withoutMagics(cell.source) : cell.source + QLatin1Char('\n');
            script += QLatin1Char('\n');
        } else if (cell.kind == CellKind::Markdown) {
            script += QLatin1Char('\n') + commented(cell.source, language.commentPrefix) +
                      QLatin1Char('\n');
        } else if (cell.kind == CellKind::Raw) {
            script += cell.source + QLatin1Char('\n');
        }
    }
    return script;
}

QString withInlineAttachments(const Cell &cell)
{
    QString source = cell.source;
    if (cell.attachments.isNull() || !source.contains(QLatin1String("attachment:")))
        return source;
    const ordered_json attachments = cell.attachments.toJson();
    if (!attachments.is_object())
        return source;
    for (const auto &[name, bundle] : attachments.items()) {
        if (!bundle.is_object())
            continue;
        for (const auto &[mime, data] : bundle.items()) {
            if (!data.is_string() || mime.rfind("image/", 0) != 0)
                continue;
            const QString url = QStringLiteral("data:%1;base64,%2")
                                    .arg(QString::fromStdString(mime),
                                         QString::fromStdString(data.get<std::string>())
                                             .simplified()
                                             .remove(QLatin1Char(' ')));
            const QString file = QString::fromStdString(name);
            const QString encoded = QString::fromLatin1(QUrl::toPercentEncoding(file));
            source.replace(QLatin1String("attachment:") + encoded, url);
            source.replace(QLatin1String("attachment:") + file, url);
        }
    }
    return source;
}

QString pictureUrl(const MimeBundle &data)
{
    if (const JsonText *const svg = data.find(u"image/svg+xml")) {
        if (const auto text = svg->toMultilineUtf8())
            return QStringLiteral("data:image/svg+xml;base64,") +
                   QString::fromLatin1(text->toBase64());
    }
    for (const char *const mime :
         {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}) {
        const QString name = QString::fromLatin1(mime);
        const JsonText *const value = data.find(name);
        if (value == nullptr)
            continue;
        if (auto text = value->toMultilineUtf8())
            return QStringLiteral("data:%1;base64,%2")
                .arg(name, QString::fromLatin1(text->simplified().replace(' ', "")));
    }
    return {};
}

QString withoutTerminalCodes(QString text)
{
    static const QRegularExpression codes(QStringLiteral("\\x1b\\[[0-9;:?]*[ -/]*[@-~]"));
    return text.remove(codes);
}

} // namespace nbformat

Result<QByteArray> exportNotebook(const NotebookContent &content, ExportFormat format,
                                  const QString &title)
{
    switch (format) {
    case ExportFormat::Script:
        return nbformat::toScript(content).toUtf8();
    case ExportFormat::Markdown:
        return nbformat::toMarkdown(content).toUtf8();
    case ExportFormat::Html:
        return nbformat::toHtml(content, title).toUtf8();
    }
    return fail(ErrorCode::Internal,
                QCoreApplication::translate("Convert", "This kind of file is not known"));
}

QString exportSuffix(const NotebookContent &content, ExportFormat format)
{
    switch (format) {
    case ExportFormat::Script:
        return nbformat::languageOf(content).suffix;
    case ExportFormat::Markdown:
        return QStringLiteral(".md");
    case ExportFormat::Html:
        break;
    }
    return QStringLiteral(".html");
}

} // namespace farcell
