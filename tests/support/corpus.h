#pragma once

#include <QByteArray>
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QString>
#include <QStringList>

// Real and synthetic notebooks for tests. They are not part of the source tree: the folder that
// holds `corpus` and `corpus-synthetic` is named by FARCELL_CORPUS_ROOT, or lies beside the source
// tree as `shared`. Tests that need it skip themselves without.
namespace farcell::testing {

inline QString corpusRoot()
{
    const QString named = qEnvironmentVariable("FARCELL_CORPUS_ROOT");
    if (!named.isEmpty())
        return QDir(named).exists(QStringLiteral("corpus")) ? named : QString();
    const QString beside = QStringLiteral(FARCELL_SOURCE_DIR "/../shared");
    return QDir(beside).exists(QStringLiteral("corpus")) ? QDir::cleanPath(beside) : QString();
}

// Every notebook below a folder of the corpus, relative to the root, sorted.
inline QStringList corpusFiles(const QString &folder)
{
    QStringList files;
    if (corpusRoot().isEmpty())
        return files;
    QDirIterator it(corpusRoot() + QLatin1Char('/') + folder, {QStringLiteral("*.ipynb")},
                    QDir::Files, QDirIterator::Subdirectories);
    while (it.hasNext())
        files.append(QDir(corpusRoot()).relativeFilePath(it.next()));
    files.sort();
    return files;
}

inline QByteArray corpusBytes(const QString &file)
{
    QFile device(corpusRoot() + QLatin1Char('/') + file);
    return device.open(QIODevice::ReadOnly) ? device.readAll() : QByteArray();
}

} // namespace farcell::testing
