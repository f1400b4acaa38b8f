#pragma once

#include "app/markdown/mathengine.h"

#include <memory>

class QJSEngine;

namespace farcell {

// The script engine with MathJax in it, and the cache on disk. Lives on the math thread.
class MathWorker : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MathWorker)

public:
    MathWorker();
    ~MathWorker() override;

    [[nodiscard]] MathResult typeset(const QString &tex, bool display);

private:
    [[nodiscard]] bool load();
    [[nodiscard]] QByteArray run(const QString &tex, bool display, QString &error);
    [[nodiscard]] QString cachePath(const QString &tex, bool display) const;

    std::unique_ptr<QJSEngine> m_engine;
    QString m_loadError;
    QString m_cacheFolder;
};

} // namespace farcell
