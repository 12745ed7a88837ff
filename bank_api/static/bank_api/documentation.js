// Shows the OpenAPI document. It tries no calls: the API takes them with a certificate, from elsewhere.
const place = document.getElementById("documentation");

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  supportedSubmitMethods: [],
  validatorUrl: null,
});
