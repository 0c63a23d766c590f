/** The languages that the pages speak. */
export type Language = 'en' | 'nl';

/**
 * Chooses the page's language from Accept-Language (RFC 9110 §12.5.4): whichever of Dutch and English the browser
 * weighs higher, English where it names neither.
 */
export function chooseLanguage(acceptLanguage: string | undefined): Language {
  let best: Language = 'en';
  let bestWeight = 0;
  for (const range of (acceptLanguage ?? '').slice(0, 1000).split(',')) {
    const [tag = '', ...parameters] = range.split(';');
    const language = tag.trim().toLowerCase().split('-')[0];
    const weight = qualityOf(parameters);
    if ((language === 'nl' || language === 'en') && weight > bestWeight) {
      best = language;
      bestWeight = weight;
    }
  }
  return best;
}

function qualityOf(parameters: readonly string[]): number {
  const quality = parameters.map((parameter) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1]).find(Boolean);
  return quality === undefined ? 1 : Math.min(1, Number(quality));
}
