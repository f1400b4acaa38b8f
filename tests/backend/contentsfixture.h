#pragma once

#include "backend/contents/contents.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

#include <nlohmann/json.hpp>

#include <sys/stat.h>

namespace farcell::test {

// The contents service on a real folder. A test derives from it.
class ContentsFixture
{
protected:
    void makeFolder();
    void write(const QString &path, const QByteArray &bytes) const;
    [[nodiscard]] QByteArray read(const QString &path) const;
    // The body of a PUT.
    [[nodiscard]] static QByteArray put(const char *type, const char *format,
                                        const nlohmann::json &content)
    {
        return QByteArray::fromStdString(
            nlohmann::json{{"type", type}, {"format", format}, {"content", content}}.dump());
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Contents> m_contents;
};

// outside/secret  rootx/secret  root/{a.txt, sub/b.txt, out -> outside, outfile -> outside/secret,
// in -> sub, abs -> root/a.txt, dangling -> outside/new, .hidden}
inline void ContentsFixture::makeFolder()
{
    m_folder = std::make_unique<QTemporaryDir>();
    qputenv("XDG_DATA_HOME", QFile::encodeName(m_folder->filePath(QStringLiteral("data"))));
    QDir base(m_folder->path());
    for (const char *folder : {"outside", "rootx", "root/sub"})
        QVERIFY(base.mkpath(QString::fromLatin1(folder)));
    write(QStringLiteral("../outside/secret"), "secret");
    write(QStringLiteral("../rootx/secret"), "secret");
    write(QStringLiteral("a.txt"), "hello");
    write(QStringLiteral("sub/b.txt"), "there");
    write(QStringLiteral(".hidden"), "x");
    const QString root = base.filePath(QStringLiteral("root/"));
    QVERIFY(QFile::link(QStringLiteral("../outside"), root + QStringLiteral("out")));
    QVERIFY(QFile::link(QStringLiteral("../outside/secret"), root + QStringLiteral("outfile")));
    QVERIFY(QFile::link(QStringLiteral("sub"), root + QStringLiteral("in")));
    QVERIFY(QFile::link(root + QStringLiteral("a.txt"), root + QStringLiteral("abs")));
    QVERIFY(QFile::link(QStringLiteral("../outside/new"), root + QStringLiteral("dangling")));
    QCOMPARE(::mkfifo(QFile::encodeName(root + QStringLiteral("pipe")).constData(), 0600), 0);
    auto contents = Contents::create(base.filePath(QStringLiteral("root")), {});
    QVERIFY(contents);
    m_contents = std::move(*contents);
}

inline void ContentsFixture::write(const QString &path, const QByteArray &bytes) const
{
    QFile file(m_folder->path() + QStringLiteral("/root/") + path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

inline QByteArray ContentsFixture::read(const QString &path) const
{
    QFile file(m_folder->path() + QStringLiteral("/root/") + path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("<none>");
}

} // namespace farcell::test
