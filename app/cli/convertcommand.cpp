#include "app/cli/convertcommand.h"

#include "core/nbformat/convert.h"
#include "core/nbformat/notebookfile.h"

#include <QFileInfo>

#include <cstdio>
#include <utility>

namespace farcell {

namespace {

ExitCode failed(const QString &message)
{
    const QByteArray line = QByteArrayLiteral("farcell: ") + message.toLocal8Bit() + '\n';
    std::fwrite(line.constData(), 1, static_cast<size_t>(line.size()), stderr);
    return ExitCode::Failed;
}

Result<QByteArray> convert(NotebookContent content, const ConvertOptions &options)
{
    if (options.form == QLatin1String("notebook")) {
        if (content.convertedFromV3)
            upgradeToV4(content);
        return writeNotebook(content);
    }
    const ExportFormat format = options.form == QLatin1String("script")     ? ExportFormat::Script
                                : options.form == QLatin1String("markdown") ? ExportFormat::Markdown
                                                                            : ExportFormat::Html;
    return exportNotebook(content, format, QFileInfo(options.input).completeBaseName());
}

} // namespace

ExitCode runConvert(const ConvertOptions &options)
{
    auto loaded = readNotebookFile(options.input);
    if (!loaded)
        return failed(loaded.error().message);
    const auto bytes = convert(std::move(loaded->content), options);
    if (!bytes)
        return failed(bytes.error().message);
    const auto saved = saveNotebookFile(options.output, *bytes);
    if (!saved)
        return failed(saved.error().message);
    return ExitCode::Done;
}

} // namespace farcell
