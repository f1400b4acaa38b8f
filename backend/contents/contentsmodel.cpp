#include "backend/contents/contentsmodel.h"

#include <QHash>

#include <array>
#include <cstdio>

namespace farcell {

namespace {

const QHash<QString, QString> &mimeTypes()
{
    static const QHash<QString, QString> types = [] {
        struct Known
        {
            const char *ending, *type;
        };
        static constexpr auto known = std::to_array<Known>({
            {"txt", "text/plain"},
            {"text", "text/plain"},
            {"log", "text/plain"},
            {"c", "text/x-csrc"},
            {"cpp", "text/x-c++src"},
            {"h", "text/x-chdr"},
            {"hpp", "text/x-c++hdr"},
            {"java", "text/x-java"},
            {"go", "text/x-go"},
            {"rs", "text/rust"},
            {"py", "text/x-python"},
            {"r", "text/x-rsrc"},
            {"jl", "text/x-julia"},
            {"sh", "text/x-sh"},
            {"md", "text/markdown"},
            {"markdown", "text/markdown"},
            {"rst", "text/x-rst"},
            {"tex", "text/x-tex"},
            {"html", "text/html"},
            {"htm", "text/html"},
            {"css", "text/css"},
            {"csv", "text/csv"},
            {"tsv", "text/tab-separated-values"},
            {"js", "text/javascript"},
            {"mjs", "text/javascript"},
            {"ts", "text/x-typescript"},
            {"json", "application/json"},
            {"geojson", "application/geo+json"},
            {"jsonl", "application/jsonl"},
            {"yaml", "text/yaml"},
            {"yml", "text/yaml"},
            {"toml", "text/x-toml"},
            {"ini", "text/plain"},
            {"xml", "application/xml"},
            {"svg", "image/svg+xml"},
            {"png", "image/png"},
            {"jpg", "image/jpeg"},
            {"jpeg", "image/jpeg"},
            {"gif", "image/gif"},
            {"webp", "image/webp"},
            {"bmp", "image/bmp"},
            {"ico", "image/vnd.microsoft.icon"},
            {"tif", "image/tiff"},
            {"tiff", "image/tiff"},
            {"pdf", "application/pdf"},
            {"zip", "application/zip"},
            {"gz", "application/gzip"},
            {"tar", "application/x-tar"},
            {"bz2", "application/x-bzip2"},
            {"xz", "application/x-xz"},
            {"7z", "application/x-7z-compressed"},
            {"mp3", "audio/mpeg"},
            {"wav", "audio/x-wav"},
            {"ogg", "audio/ogg"},
            {"flac", "audio/flac"},
            {"mp4", "video/mp4"},
            {"webm", "video/webm"},
            {"mov", "video/quicktime"},
            {"avi", "video/x-msvideo"},
            {"parquet", "application/vnd.apache.parquet"},
            {"h5", "application/x-hdf5"},
            {"hdf5", "application/x-hdf5"},
            {"npy", "application/octet-stream"},
            {"npz", "application/octet-stream"},
            {"pkl", "application/octet-stream"},
            {"pt", "application/octet-stream"},
            {"bin", "application/octet-stream"},
            {"so", "application/octet-stream"},
            {"wasm", "application/wasm"},
            {"doc", "application/msword"},
            {"xls", "application/vnd.ms-excel"},
            {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
            {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
            {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
            {"ipynb", "application/x-ipynb+json"},
        });
        QHash<QString, QString> table;
        for (const Known &one : known)
            table.insert(QString::fromLatin1(one.ending), QString::fromLatin1(one.type));
        return table;
    }();
    return types;
}

void appendText(QByteArray &out, const QString &text)
{
    appendJsonString(out, text.toUtf8());
}

void appendTextOrNull(QByteArray &out, const QString &text)
{
    if (text.isEmpty())
        out += "null";
    else
        appendText(out, text);
}

QByteArrayView typeName(EntryType type)
{
    switch (type) {
    case EntryType::Directory:
        return "directory";
    case EntryType::Notebook:
        return "notebook";
    case EntryType::File:
        break;
    }
    return "file";
}

} // namespace

void appendJsonString(QByteArray &out, QByteArrayView utf8)
{
    out += '"';
    qsizetype from = 0;
    for (qsizetype i = 0; i < utf8.size(); ++i) {
        const auto c = static_cast<unsigned char>(utf8[i]);
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        out.append(utf8.sliced(from, i - from));
        from = i + 1;
        switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default: {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", unsigned(c));
            out += escape.data();
        }
        }
    }
    out.append(utf8.sliced(from));
    out += '"';
}

void appendJson(QByteArray &out, const ContentsModel &model)
{
    out += R"({"name":)";
    appendText(out, model.name);
    out += R"(,"path":)";
    appendText(out, model.path);
    out += R"(,"type":")";
    out.append(typeName(model.type));
    out +=
        model.writable ? R"(","writable":true,"created":")" : R"(","writable":false,"created":")";
    out += isoTime(model.created);
    out += R"(","last_modified":")";
    out += isoTime(model.modified);
    out += R"(","mimetype":)";
    appendTextOrNull(out, model.mimeType);
    out += R"(,"format":)";
    appendTextOrNull(out, model.format);
    out += R"(,"size":)";
    out += model.size ? QByteArray::number(*model.size) : QByteArray("null");
    if (model.sha256.isEmpty())
        out += R"(,"hash":null,"hash_algorithm":null)";
    else
        out += R"(,"hash":")" + model.sha256 + R"(","hash_algorithm":"sha256")";
    if (!model.message.isEmpty()) {
        out += R"(,"message":)";
        appendText(out, model.message);
    }
    out += R"(,"content":)";
    out += model.content.isEmpty() ? QByteArray("null") : model.content;
    out += '}';
}

QByteArray toJson(const ContentsModel &model)
{
    QByteArray out;
    out.reserve(model.content.size() + 512);
    appendJson(out, model);
    return out;
}

EntryType entryType(const QString &name, bool isDirectory)
{
    if (isDirectory)
        return EntryType::Directory;
    return name.endsWith(QLatin1String(".ipynb")) ? EntryType::Notebook : EntryType::File;
}

QString guessMimeType(const QString &name)
{
    const qsizetype dot = name.lastIndexOf(u'.');
    return dot < 0 ? QString() : mimeTypes().value(name.mid(dot + 1).toLower());
}

QByteArray isoTime(const timespec &time)
{
    tm utc = {};
    ::gmtime_r(&time.tv_sec, &utc);
    std::array<char, 64> text{};
    const size_t used = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text.data() + used, text.size() - used, ".%06ldZ", time.tv_nsec / 1000);
    return text.data();
}

QByteArray isoTime(const QDateTime &time)
{
    const qint64 ms = time.toMSecsSinceEpoch();
    return isoTime(timespec{time_t(ms / 1000), long(ms % 1000) * 1000000L});
}

} // namespace farcell
