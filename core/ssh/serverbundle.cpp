#include "core/ssh/serverbundle.h"

#include "core/ssh/tarpack.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>
#include <QSaveFile>
#include <QStandardPaths>
#include <QtConcurrent>
#include <QTemporaryDir>
#include <QThread>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

#include <sys/utsname.h>

namespace farcell {

namespace {

constexpr int toolTimeoutMs = 60000;

QString tr(const char *text)
{
    return QCoreApplication::translate("ServerBundle", text);
}

struct Source
{
    QString name; // in the bundle
    QString path;
    bool isProgram = false;
};

QByteArray sumOf(const QByteArray &bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

Result<QByteArray> readAll(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::NotFound, tr("%1 cannot be read").arg(path), file.errorString());
    return file.readAll();
}

QString programIn(const QString &folder, const QString &name)
{
    const QString here = folder.isEmpty() ? QCoreApplication::applicationDirPath() : folder;
    for (const char *place : {"", "../libexec/farcell/", "../lib/farcell/"}) {
        const QFileInfo info(here + u'/' + QLatin1String(place) + name);
        if (info.isFile() && info.isExecutable())
            return info.canonicalFilePath();
    }
    return folder.isEmpty() ? QStandardPaths::findExecutable(name) : QString();
}

// The C library belongs to the system it runs on: another one's would not fit its kernel, its
// name service or its loader.
bool isOfTheCLibrary(const QString &name)
{
    static const QRegularExpression family(QStringLiteral(
        "^(ld-linux|ld64|libc|libm|libmvec|libpthread|libdl|librt|libutil|libresolv|libnsl|libanl|"
        "libthread_db|libBrokenLocale|libnss_[a-z]+)(-.*)?\\.so"));
    return family.match(name).hasMatch();
}

Result<QByteArray> output(const QString &program, const QStringList &arguments)
{
    QProcess process;
    process.start(program, arguments);
    if (!process.waitForFinished(toolTimeoutMs) || process.exitCode() != 0)
        return fail(ErrorCode::Internal, tr("%1 failed").arg(program),
                    QString::fromUtf8(process.readAllStandardError()));
    return process.readAllStandardOutput();
}

Result<> addLibraries(const QString &program, std::vector<Source> &sources)
{
    const auto text = output(QStringLiteral("ldd"), {program});
    if (!text && text.error().detail.contains(QLatin1String("not a dynamic executable")))
        return {}; // linked statically
    if (!text)
        return tl::unexpected(text.error());
    static const QRegularExpression line(QStringLiteral(R"(^\s*(\S+) => (/\S+) \(0x)"),
                                         QRegularExpression::MultilineOption);
    auto matches = line.globalMatch(QString::fromLocal8Bit(*text));
    while (matches.hasNext()) {
        const auto match = matches.next();
        const QString name = QStringLiteral("lib/farcell/") + match.captured(1);
        const bool isKnown = std::any_of(sources.begin(), sources.end(),
                                         [&](const Source &source) { return source.name == name; });
        if (!isKnown && !isOfTheCLibrary(match.captured(1)))
            sources.push_back({name, match.captured(2), true});
    }
    return {};
}

void addShim(const QString &program, std::vector<Source> &sources)
{
    const QDir shim(QFileInfo(program).dir().filePath(QStringLiteral("../share/farcell/python")));
    QDirIterator files(shim.path(), QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        const QString path = files.next();
        if (!path.contains(QLatin1String("__pycache__")))
            sources.push_back(
                {QStringLiteral("share/farcell/python/") + shim.relativeFilePath(path), path,
                 false});
    }
}

Result<std::vector<Source>> findSources(const QString &programs)
{
    std::vector<Source> sources;
    for (const char *name : {"farcelld", "farcell-keeper"}) {
        const QString program = programIn(programs, QLatin1String(name));
        if (program.isEmpty())
            return fail(
                ErrorCode::NotFound,
                tr("%1 was not found beside this program or on PATH").arg(QLatin1String(name)));
        sources.push_back({QStringLiteral("bin/") + QLatin1String(name), program, true});
    }
    for (std::size_t i = 0; i < 2; ++i) {
        if (const auto added = addLibraries(sources[i].path, sources); !added)
            return tl::unexpected(added.error());
    }
    addShim(sources.front().path, sources);
    std::sort(sources.begin(), sources.end(),
              [](const Source &a, const Source &b) { return a.name < b.name; });
    return sources;
}

// Changes whenever one of the files may have changed.
QByteArray keyOf(const std::vector<Source> &sources)
{
    QByteArray text;
    for (const Source &source : sources) {
        const QFileInfo info(source.path);
        text += source.name.toUtf8() + '\0' + source.path.toUtf8() + '\0' +
                QByteArray::number(info.size()) + '\0' +
                QByteArray::number(info.lastModified().toMSecsSinceEpoch()) + '\n';
    }
    return sumOf(text);
}

// Without what only a debugger reads, which is most of a development build.
Result<QByteArray> content(const Source &source, const QString &stripper, const QString &scratch)
{
    if (!stripper.isEmpty() && source.name.startsWith(QLatin1String("bin/"))) {
        const QString slim = scratch + QStringLiteral("/slim");
        if (output(stripper,
                   {QStringLiteral("--strip-debug"), QStringLiteral("-o"), slim, source.path}))
            return readAll(slim);
    }
    return readAll(source.path);
}

int neededGlibc(const QByteArray &binary)
{
    static const QByteArray prefix("GLIBC_2.");
    int newest = 0;
    for (qsizetype at = binary.indexOf(prefix); at >= 0; at = binary.indexOf(prefix, at + 1)) {
        int minor = 0;
        for (qsizetype i = at + prefix.size(); i < binary.size() && isdigit(binary[i]) != 0; ++i)
            minor = minor * 10 + (binary[i] - '0');
        newest = std::max(newest, std::min(minor, 999));
    }
    return newest;
}

using Json = nlohmann::json;

std::string text(const QString &value)
{
    return value.toStdString();
}

void save(const ServerBundle &bundle, const QByteArray &key, const QString &indexFile)
{
    const Json json{{"key", key.toStdString()},
                    {"id", text(bundle.id)},
                    {"said", text(bundle.said)},
                    {"glibc", text(bundle.glibc)},
                    {"pack", text(QFileInfo(bundle.packFile).fileName())},
                    {"pack_sum", text(bundle.packSum)},
                    {"program_sum", text(bundle.programSum)},
                    {"pack_bytes", bundle.packBytes},
                    {"unpacked_bytes", bundle.unpackedBytes}};
    QSaveFile file(indexFile);
    if (file.open(QIODevice::WriteOnly) && file.write(QByteArray::fromStdString(json.dump(2))) > 0)
        file.commit();
}

// What an earlier time has packed, if it is still that.
bool load(ServerBundle &bundle, const QByteArray &key, const QString &cache,
          const QString &indexFile)
{
    QFile file(indexFile);
    if (!file.open(QIODevice::ReadOnly))
        return false;
    const QByteArray bytes = file.readAll();
    const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    try {
        if (!json.is_object() || json.at("key") != key.toStdString())
            return false;
        const auto string = [&](const char *name) {
            return QString::fromStdString(json.at(name).get<std::string>());
        };
        bundle.id = string("id");
        bundle.said = string("said");
        bundle.glibc = string("glibc");
        bundle.packFile = cache + u'/' + QFileInfo(string("pack")).fileName();
        bundle.packSum = string("pack_sum");
        bundle.programSum = string("program_sum");
        bundle.packBytes = json.at("pack_bytes").get<qint64>();
        bundle.unpackedBytes = json.at("unpacked_bytes").get<qint64>();
    } catch (const Json::exception &) {
        return false;
    }
    const auto packed = readAll(bundle.packFile);
    return packed && sumOf(*packed) == bundle.packSum.toLatin1();
}

Result<> pack(ServerBundle &bundle, const std::vector<Source> &sources, const QString &cache)
{
    const QString stripper = QStandardPaths::findExecutable(QStringLiteral("strip"));
    const QTemporaryDir scratch;
    TarPack tar;
    QByteArray manifest; // as sha256sum reads it
    int glibc = 0;
    for (const Source &source : sources) {
        const auto bytes = content(source, stripper, scratch.path());
        if (!bytes)
            return tl::unexpected(bytes.error());
        if (auto added = tar.add(source.name, *bytes, source.isProgram); !added)
            return added;
        manifest += sumOf(*bytes) + "  " + source.name.toUtf8() + '\n';
        bundle.unpackedBytes += bytes->size();
        if (source.isProgram)
            glibc = std::max(glibc, neededGlibc(*bytes));
    }
    if (auto added = tar.add(QStringLiteral("manifest"), manifest, false); !added)
        return added;
    const auto program = std::find_if(sources.begin(), sources.end(), [](const Source &source) {
        return source.name == QLatin1String("bin/farcelld");
    });
    const auto own = readAll(program->path);
    const auto said = output(program->path, {QStringLiteral("--version")});
    if (!own || !said)
        return tl::unexpected(own ? said.error() : own.error());
    bundle.programSum = QString::fromLatin1(sumOf(*own));
    bundle.said = QString::fromUtf8(*said).trimmed();
    bundle.glibc = QStringLiteral("2.%1").arg(glibc);
    bundle.id = bundle.version + u'-' + QString::fromLatin1(sumOf(manifest).left(12));
    const QByteArray packed = tar.finish();
    bundle.packBytes = packed.size();
    bundle.packSum = QString::fromLatin1(sumOf(packed));
    bundle.packFile = cache + QStringLiteral("/server-%1.tar.gz").arg(bundle.id);
    QSaveFile file(bundle.packFile);
    if (!file.open(QIODevice::WriteOnly) || file.write(packed) != packed.size() || !file.commit())
        return fail(ErrorCode::Internal, tr("%1 cannot be written").arg(bundle.packFile),
                    file.errorString());
    return {};
}

Result<ServerBundle> prepare(const QString &programs, const QString &cache)
{
    ServerBundle bundle;
    utsname system = {};
    if (::uname(&system) == 0)
        bundle.machine = QString::fromLatin1(system.machine);
    bundle.version = QStringLiteral(FARCELL_VERSION);
    const auto sources = findSources(programs);
    if (!sources)
        return tl::unexpected(sources.error());
    if (!QDir().mkpath(cache))
        return fail(ErrorCode::Denied, tr("The folder %1 could not be made").arg(cache));
    const QByteArray key = keyOf(*sources);
    const QString index = cache + QStringLiteral("/server.json");
    if (load(bundle, key, cache, index))
        return bundle;
    // Packs of earlier builds are of no use any more.
    for (const QString &old : QDir(cache).entryList({QStringLiteral("server-*.tar.gz")}))
        QFile::remove(cache + u'/' + old);
    if (const auto packed = pack(bundle, *sources, cache); !packed)
        return tl::unexpected(packed.error());
    save(bundle, key, index);
    return bundle;
}

} // namespace

QFuture<Result<ServerBundle>> prepareServerBundle(const QString &programs, const QString &cache)
{
    return QtConcurrent::run([programs, cache] { return prepare(programs, cache); });
}

} // namespace farcell
